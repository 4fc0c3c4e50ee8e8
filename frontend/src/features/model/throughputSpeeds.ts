import type { CheckResponse } from '@/api/types';

/** How fast one long answer came. */
export interface Speed {
  at: string;
  atS: number;
  tokensPerS: number;
  tokens: number | null;
}

/** Oldest first; what could not be timed well is left out. */
export const throughputSpeeds = (newestFirst: readonly CheckResponse[]): Speed[] =>
  newestFirst.toReversed().flatMap(({ completed_at, measurement }) => {
    const { tokens_per_s: tokensPerS, usage, audit } = measurement;
    if (tokensPerS == null || !audit.trustworthy) return [];
    const tokens = usage.output_tokens ?? null;
    return [{ at: completed_at, atS: Date.parse(completed_at) / 1000, tokensPerS, tokens }];
  });
