import { expect, it } from 'vitest';

import { slotBounds, slotHealth, slotRatio } from './slots';

const slot = (checks: number, failed: number) => ({ at: '2026-11-23T10:00:00Z', checks, failed });

it.each([
  [0, 0, 'none'],
  [4, 0, 'good'],
  [4, 1, 'some'],
  [4, 2, 'bad'],
  [1, 1, 'bad'],
] as const)('%d checks with %d failed look %s', (checks, failed, health) =>
  expect(slotHealth(slot(checks, failed))).toBe(health),
);

it('has no ratio without a check', () => {
  expect(slotRatio(slot(0, 0))).toBeNull();
  expect(slotRatio(slot(4, 1))).toBe(0.75);
});

it('knows when a slot begins and ends, the last one too', () => {
  const slots = ['10:00', '10:30'].map((time) => ({ ...slot(1, 0), at: `2026-11-23T${time}:00Z` }));
  const start = Date.parse('2026-11-23T10:00:00Z');
  expect(slotBounds(slots, 0)).toEqual([start, start + 1_800_000]);
  expect(slotBounds(slots, 1)).toEqual([start + 1_800_000, start + 3_600_000]);
});
