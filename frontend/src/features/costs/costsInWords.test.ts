import { describe, expect, it } from 'vitest';

import type { BudgetResponse, CostLine } from '@/api/types';

import { costOfCheck, lineName, spent, usedRatio } from './costsInWords';

describe('what was spent', () => {
  it('never calls the unknown 0', () => {
    expect(spent(null)).toBe('unpriced');
    expect(spent(0)).toBe('$0');
    expect(spent(1.2)).toBe('$1.20');
    expect(costOfCheck(null)).toBe('–');
    expect(costOfCheck({ usd: 0.00021 })).toBe('$0.00021');
    expect(costOfCheck({ usd: null, unpriced: 'no_price' })).toBe('no known price');
    expect(costOfCheck({ usd: null, unpriced: 'no_usage' })).toBe('tokens not told');
  });

  it.each([
    [{ day: '2026-11-23T00:00:00Z' }, '2026-11-23'],
    [{ model_id: 'x', model_name: 'gpt-4.1' }, 'gpt-4.1'],
    [{ model_id: 'x' }, 'a removed model'],
    [{ provider_name: 'OpenAI' }, 'OpenAI'],
    [{}, 'removed models'],
  ])('names %o', (line, name) => {
    expect(lineName(line as CostLine)).toBe(name);
  });

  it('uses at most all of a budget', () => {
    expect(usedRatio({ used_usd: 3, usd_per_day: 2 } as BudgetResponse)).toBe(1);
    expect(usedRatio({ used_usd: 0.5, usd_per_day: 2 } as BudgetResponse)).toBe(0.25);
  });
});
