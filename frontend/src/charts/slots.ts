// Slots of a status bar: what share succeeded, and how that looks.
import type { SparkSlot } from '@/api/types';

export type SlotHealth = 'good' | 'some' | 'bad' | 'none';

/** The share of checks that did not fail; null without any check. */
export const slotRatio = (slot: SparkSlot): number | null =>
  slot.checks === 0 ? null : 1 - slot.failed / slot.checks;

/** No data is neither good nor bad. At least half failing is bad. */
export function slotHealth(slot: SparkSlot): SlotHealth {
  if (slot.checks === 0) return 'none';
  if (slot.failed === 0) return 'good';
  return slot.failed * 2 >= slot.checks ? 'bad' : 'some';
}

/** When a slot begins and ends, in milliseconds: slots are equally wide. */
export function slotBounds(slots: readonly SparkSlot[], index: number): [number, number] {
  const starts = slots.map((slot) => Date.parse(slot.at));
  const from = starts[index] ?? 0;
  const neighbour = starts[index + 1] ?? starts[index - 1] ?? from + 60_000;
  return [from, from + Math.abs(neighbour - from)];
}
