import { useNow } from '@/format/clock';
import { duration } from '@/format/numbers';

/** How long something lasts: up to now, counting on, or until it ended. */
export function Lasting({ from, to }: { from: string; to?: string | null | undefined }) {
  const now = useNow(!to);
  return duration(((to ? Date.parse(to) : now) - Date.parse(from)) / 1000);
}
