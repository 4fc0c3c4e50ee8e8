// The range to begin with: a house of ten minutes is not shown as one sliver of a day.
import { type Range, RANGE_SECONDS } from '@/api/monitoring';
import type { Overview } from '@/api/types';

/** The shortest range that holds everything since `began`, a day at most; in milliseconds. */
export function fittingRange(began: number, now: number): Range {
  const ageS = (now - began) / 1000;
  return (['1h', '6h'] as const).find((range) => ageS <= RANGE_SECONDS[range]) ?? '24h';
}

/** When the first slot with a check begins; now, while there is none. */
export function beganOf({ items, generated_at }: Overview): number {
  const first = items.flatMap((card) => {
    const slot = card.slots.find(({ checks }) => checks > 0);
    return slot ? [Date.parse(slot.at)] : [];
  });
  return Math.min(Date.parse(generated_at), ...first);
}
