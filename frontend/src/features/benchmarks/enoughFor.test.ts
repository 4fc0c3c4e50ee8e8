import { expect, it } from 'vitest';

import { enoughFor } from './enoughFor';

it.each([
  [0.5, 1, false],
  [0.5, 2, true],
  [0.95, 19, false],
  [0.95, 20, true],
  [0.99, 99, false],
  [0.99, 100, true],
])('quantile %d of %d values: %s', (quantile, n, enough) => expect(enoughFor(quantile, n)).toBe(enough));
