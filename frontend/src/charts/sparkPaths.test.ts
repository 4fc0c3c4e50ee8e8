import { expect, it } from 'vitest';

import { sparkPaths } from './sparkPaths';

it('draws from zero to the largest value, each in the middle of its slot', () =>
  expect(sparkPaths([50, 100])).toEqual({ line: 'M0.5 0.5L1.5 0', area: 'M0.5 1L0.5 0.5L1.5 0V1Z' }));

it('breaks where nothing is known, and makes a dash of what stands alone', () =>
  expect(sparkPaths([100, null, 50, undefined])).toEqual({ line: 'M0.25 0L0.75 0M2.25 0.5L2.75 0.5', area: '' }));

it('draws nothing from nothing', () => {
  expect(sparkPaths([])).toEqual({ line: '', area: '' });
  expect(sparkPaths([null, null])).toEqual({ line: '', area: '' });
});
