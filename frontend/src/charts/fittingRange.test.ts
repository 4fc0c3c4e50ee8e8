import { expect, it } from 'vitest';

import type { Overview } from '@/api/types';

import { beganOf, fittingRange } from './fittingRange';

const HOUR_MS = 3_600_000;

it.each([
  [0, '1h'],
  [1, '1h'],
  [2, '6h'],
  [7, '24h'],
  [2_000, '24h'],
])('shows %d hours of history as %s', (hours, range) =>
  expect(fittingRange(0, hours * HOUR_MS)).toBe(range),
);

it('begins with the first check of any model', () => {
  const slots = (...checks: number[]) =>
    checks.map((n, index) => ({ at: new Date(index * HOUR_MS).toISOString(), checks: n, failed: 0 }));
  const overview = {
    generated_at: new Date(4 * HOUR_MS).toISOString(),
    items: [{ slots: slots(0, 0, 0, 1) }, { slots: slots(0, 2, 0, 1) }, { slots: slots(0, 0, 0, 0) }],
  } as unknown as Overview;
  expect(beganOf(overview)).toBe(HOUR_MS);
  expect(beganOf({ ...overview, items: [] })).toBe(4 * HOUR_MS);
});
