// The price of a model as it is typed: US dollars per million tokens.
import type { ModelUpdate, Price } from '@/api/types';

export interface PriceDraft {
  input: string;
  output: string;
}

export const draftOfPrice = (price: Price | null | undefined): PriceDraft => ({
  input: price?.input_usd_per_million_tokens.toString() ?? '',
  output: price?.output_usd_per_million_tokens.toString() ?? '',
});

/** Half a price is none. */
export const isWhole = ({ input, output }: PriceDraft): boolean => (input === '') === (output === '');

/** What is sent: what cached and reasoning tokens cost stays as it was given. */
export const pricedAs = (draft: PriceDraft, known: Price | null | undefined): ModelUpdate['price'] =>
  draft.input === ''
    ? null
    : {
        input_usd_per_million_tokens: Number(draft.input),
        output_usd_per_million_tokens: Number(draft.output),
        cached_input_usd_per_million_tokens: known?.cached_input_usd_per_million_tokens,
        reasoning_usd_per_million_tokens: known?.reasoning_usd_per_million_tokens,
      };
