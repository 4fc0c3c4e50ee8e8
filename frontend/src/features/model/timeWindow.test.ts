import { expect, it } from 'vitest';

import { timeWindow } from './timeWindow';

const NOW = Date.parse('2026-11-23T10:00:07Z');

it('covers the range up to now', () => {
  const { start, end, buckets } = timeWindow({ range: '1h' }, 60, NOW);
  expect(end - start).toBe(3_600);
  expect(end * 1000).toBeGreaterThanOrEqual(NOW);
  expect(buckets).toBe(60);
});

it('asks the same question until a bucket has passed', () => {
  expect(timeWindow({ range: '24h' }, 60, NOW)).toEqual(timeWindow({ range: '24h' }, 60, NOW + 1_000));
  expect(timeWindow({ range: '24h' }, 60, NOW)).not.toEqual(timeWindow({ range: '24h' }, 60, NOW + 400_000));
});

it('shows the part that was zoomed into', () => {
  const zoomed = timeWindow({ from: NOW - 600_000, to: NOW }, 60, NOW + 9_000_000);
  expect(zoomed.end * 1000 - NOW).toBeLessThan(1_000);
  expect(zoomed.buckets).toBe(10);
});

it('ignores a zoom that is none', () => {
  expect(timeWindow({ range: '1h', from: NOW, to: NOW }, 60, NOW).buckets).toBe(60);
});
