import { describe, expect, it } from 'vitest';

import { factsInWords } from './factsInWords';

describe('facts of a model', () => {
  it('says what is known and nothing else', () => {
    expect(factsInWords(undefined)).toBe('');
    expect(factsInWords({})).toBe('');
    expect(factsInWords({ context_length: null, output_usd_per_million_tokens: 0 })).toBe('$0 out');
  });

  it('puts the most asked for first', () => {
    const facts = {
      owner: 'Meta',
      size_bytes: 4_700_000_000,
      quantization: 'Q4_0',
      parameters: '8B',
      output_usd_per_million_tokens: 10,
      input_usd_per_million_tokens: 2.5,
      context_length: 131_072,
    };
    expect(factsInWords(facts)).toBe('131,072 tokens, $2.50 in, $10.00 out, 8B, Q4_0, 4.7 GB, Meta');
  });
});
