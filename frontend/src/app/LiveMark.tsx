import type { LiveStatus } from '@/api/live';

const LABEL: Record<LiveStatus, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'Connection lost, trying again…',
};

const DOT: Record<LiveStatus, string> = {
  connecting: 'border border-unknown',
  live: 'bg-up-bar',
  lost: 'rotate-45 rounded-none! bg-degraded-bar',
};

interface LiveMarkProps {
  status: LiveStatus;
  compact?: boolean;
}

/** Whether what is on the screen follows the house as things happen. */
export function LiveMark({ status, compact = false }: LiveMarkProps) {
  return (
    <p role="status" title={LABEL[status]} className="flex items-center gap-2 px-2.5 text-xs text-ink-3">
      <span aria-hidden className={`size-2 shrink-0 rounded-full ${DOT[status]}`} />
      <span className={compact && status === 'live' ? 'sr-only' : ''}>
        {compact && status === 'lost' ? 'Offline' : LABEL[status]}
      </span>
    </p>
  );
}
