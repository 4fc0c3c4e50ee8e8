import { useNow } from '@/format/clock';
import { dateMinute, dateTime, relative, utc } from '@/format/time';
import { useZone } from '@/format/zone';

interface TimeProps {
  at: string;
  /** "12 s ago" instead of the date; the title still tells the instant in UTC. */
  ago?: boolean;
  /** To the minute: for what lasts longer. */
  short?: boolean;
  className?: string;
}

export function Time({ at, ago = false, short = false, className }: TimeProps) {
  const zone = useZone();
  const now = useNow(ago);
  const instant = new Date(at);
  return (
    <time dateTime={at} title={utc(instant)} className={className}>
      {ago ? relative(instant, now) : (short ? dateMinute : dateTime)(instant, zone)}
    </time>
  );
}
