// From the server's buckets to columns for a chart. A gap stays a gap: an empty bucket is not a
// zero, and a line is broken where checks were due and none came.
import type { SeriesBucket } from '@/api/types';

export type Column = (number | null)[];

/** Columns that share one time axis, in seconds. */
export interface Frame {
  times: number[];
  rows: (SeriesBucket | null)[];
}

/** How many buckets to ask for: never finer than the checks come, never more than can be seen. */
export function bucketCount(spanS: number, intervalS: number, most = 240): number {
  return Math.max(2, Math.min(most, Math.floor(spanS / Math.max(1, intervalS))));
}

/**
 * The buckets that hold checks, at the middle of their time. Where the next one is further away
 * than two and a half intervals, an empty row between them breaks the line.
 */
export function frameOf(buckets: readonly SeriesBucket[], bucketS: number, intervalS: number): Frame {
  const longest = 2.5 * Math.max(bucketS, intervalS);
  const frame: Frame = { times: [], rows: [] };
  let previous: number | undefined;
  for (const bucket of buckets) {
    if (bucket.checks === 0) continue;
    const middle = Date.parse(bucket.at) / 1000 + bucketS / 2;
    if (previous !== undefined && middle - previous > longest) {
      frame.times.push((previous + middle) / 2);
      frame.rows.push(null);
    }
    frame.times.push(middle);
    frame.rows.push(bucket);
    previous = middle;
  }
  return frame;
}

export type Metric = keyof Omit<SeriesBucket, 'at'>;

export const column = (frame: Frame, metric: Metric): Column =>
  frame.rows.map((row) => row?.[metric] ?? null);

/** Counts of checks over equal stretches of time: sums, so they can be merged exactly. */
export interface AvailabilitySlot {
  from: number;
  to: number;
  checks: number;
  available: number;
  unavailable: number;
}

/** Merge buckets into at most `most` slots for columns that are wide enough to see. */
export function availabilitySlots(
  buckets: readonly SeriesBucket[],
  bucketS: number,
  most = 72,
): AvailabilitySlot[] {
  const merge = Math.max(1, Math.ceil(buckets.length / most));
  const slots: AvailabilitySlot[] = [];
  for (let start = 0; start < buckets.length; start += merge) {
    const group = buckets.slice(start, start + merge);
    const from = Date.parse(group[0]?.at ?? '') / 1000;
    slots.push({
      from,
      to: from + group.length * bucketS,
      checks: total(group, 'checks'),
      available: total(group, 'available'),
      unavailable: total(group, 'unavailable'),
    });
  }
  return slots;
}

const total = (group: readonly SeriesBucket[], metric: 'checks' | 'available' | 'unavailable') =>
  group.reduce((sum, bucket) => sum + bucket[metric], 0);

/** Available of those that say anything about the endpoint; null where none does. */
export function availability(slot: { available: number; unavailable: number }): number | null {
  const judged = slot.available + slot.unavailable;
  return judged === 0 ? null : slot.available / judged;
}
