import { describe, expect, it } from 'vitest';

import type { Price } from '@/api/types';

import { draftOfPrice, isWhole, pricedAs } from './priceDraft';

const PRICE = {
  input_usd_per_million_tokens: 2.5,
  output_usd_per_million_tokens: 10,
  cached_input_usd_per_million_tokens: 0.25,
  reasoning_usd_per_million_tokens: null,
  source: 'given',
} as Price;

describe('a price as it is typed', () => {
  it('is empty where nobody gave one, and then it is the provider’s or none', () => {
    expect(draftOfPrice(null)).toEqual({ input: '', output: '' });
    expect(pricedAs({ input: '', output: '' }, PRICE)).toBeNull();
  });

  it('keeps what is not shown', () => {
    expect(draftOfPrice(PRICE)).toEqual({ input: '2.5', output: '10' });
    expect(pricedAs({ input: '3', output: '0' }, PRICE)).toEqual({
      input_usd_per_million_tokens: 3,
      output_usd_per_million_tokens: 0,
      cached_input_usd_per_million_tokens: 0.25,
      reasoning_usd_per_million_tokens: null,
    });
  });

  it('needs both or neither', () => {
    expect(isWhole({ input: '1', output: '' })).toBe(false);
    expect(isWhole({ input: '', output: '1' })).toBe(false);
    expect(isWhole({ input: '0', output: '1' })).toBe(true);
  });
});
