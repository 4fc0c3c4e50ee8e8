import { expect, it } from 'vitest';

import { slotHealth, slotRatio } from './slots';

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
