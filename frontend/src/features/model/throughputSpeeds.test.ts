import { expect, it } from 'vitest';

import type { CheckResponse } from '@/api/types';

import { throughputSpeeds } from './throughputSpeeds';

const check = (minute: number, tokens_per_s: number | null, trustworthy = true) =>
  ({
    completed_at: `2026-11-26T10:0${minute}:00Z`,
    measurement: { tokens_per_s, usage: { output_tokens: 200 }, audit: { trustworthy } },
  }) as CheckResponse;

it('goes from the oldest to the newest, without what was timed badly or not at all', () => {
  const speeds = throughputSpeeds([check(4, 80), check(3, null), check(2, 900, false), check(1, 75)]);
  expect(speeds.map(({ at, tokensPerS, tokens }) => [at.slice(14, 16), tokensPerS, tokens])).toEqual([
    ['01', 75, 200],
    ['04', 80, 200],
  ]);
});
