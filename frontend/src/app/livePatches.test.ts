import { expect, it } from 'vitest';

import type { CheckResponse, ModelCard } from '@/api/types';

import { type CheckPages, mayChangeState, withCheck, withNewest } from './livePatches';

const slot = (at: string, checks = 0) => ({ at, checks, failed: 0, ttft_p50_ms: null });

const card: ModelCard = {
  model_id: 'm',
  model: 'gpt',
  name: 'gpt',
  provider_id: 'p',
  provider_name: 'P',
  provider_type: 'openai',
  state: 'down',
  interval_s: 60,
  monitored: true,
  last_check_at: '2026-11-23T10:00:00.000000Z',
  uptime_ratio: 0.5,
  checks: 10,
  open_alerts: 1,
  slots: [slot('2026-11-23T09:55:00.000000Z', 5), slot('2026-11-23T10:00:00.000000Z')],
};

const WARNING = { about: 'latency', level: 'warn' as const, code: 'too_slow', message: 'slow' };

const check = (completed_at: string, usable: boolean | null = true, outcome = 'ok') =>
  ({
    id: `check at ${completed_at}`,
    kind: 'liveness',
    model_id: 'm',
    completed_at,
    usable,
    says: 'answered',
    measurement: {
      outcome,
      fault_owner: 'none',
      timing: { first_token_ms: 210 },
      tokens_per_s: 40,
      findings: [],
    },
  }) as unknown as CheckResponse;

it('leaves a card as it is after a probe that tells nothing of uptime', () => {
  const canary: CheckResponse = { ...check('2026-11-23T10:01:00.000000Z', false), kind: 'canary' };
  expect(withCheck(card, canary)).toBe(card);
  expect(mayChangeState('up', canary)).toBe(false);
});

it('shows what the newest check found, and leaves what only the server can know', () => {
  const after = withCheck(card, check('2026-11-23T10:01:00.000000Z'));
  expect(after).toMatchObject({ last_says: 'answered', last_ttft_ms: 210, last_tokens_per_s: 40 });
  expect(after).toMatchObject({ state: 'down', uptime_ratio: 0.5, checks: 11 });
});

it('is not set back by a check that is replayed', () => {
  expect(withCheck(card, check('2026-11-23T09:59:00.000000Z'))).toBe(card);
  expect(withCheck(card, check('2026-11-23T10:00:00.000000Z'))).toBe(card);
});

it('counts a verdict in the slot of its time, and nothing where there is no verdict or no slot', () => {
  const counted = (at: string, usable: boolean | null) =>
    withCheck(card, check(at, usable)).slots.map(({ checks, failed }) => [checks, failed]);
  expect(counted('2026-11-23T10:01:00.000000Z', false)).toEqual([[5, 0], [1, 1]]);
  expect(counted('2026-11-23T10:01:00.000000Z', null)).toEqual([[5, 0], [0, 0]]);
  expect(counted('2026-11-23T10:05:00.000000Z', true)).toEqual([[5, 0], [0, 0]]);
});

it('asks the server about the state only when a verdict disagrees with it', () => {
  const at = '2026-11-23T10:01:00.000000Z';
  expect(mayChangeState('up', check(at, true))).toBe(false);
  expect(mayChangeState('up', check(at, false))).toBe(true);
  expect(mayChangeState('down', check(at, false))).toBe(false);
  expect(mayChangeState('down', check(at, true))).toBe(true);
  expect(mayChangeState('degraded', check(at, false))).toBe(true);
  expect(mayChangeState('up', check(at, null))).toBe(false);
});

const pages = (...times: string[]): CheckPages => ({
  pages: [{ items: times.map((at) => check(at)), next_cursor: 'older' }],
  pageParams: [undefined],
});

it('puts a check where its time belongs, once', () => {
  const list = pages('2026-11-23T10:02:00.000000Z', '2026-11-23T10:00:00.000000Z');
  const after = withNewest(list, {}, check('2026-11-23T10:01:00.000000Z'));
  expect(after?.pages[0]?.items.map((item) => item.completed_at.slice(14, 16))).toEqual(['02', '01', '00']);
  expect(after && withNewest(after, {}, check('2026-11-23T10:01:00.000000Z'))).toBe(after);
});

it('leaves a list alone that filters the check out, and fetches a long one anew', () => {
  const list = pages('2026-11-23T10:00:00.000000Z');
  const next = check('2026-11-23T10:01:00.000000Z');
  expect(withNewest(list, { model_id: 'other' }, next)).toBe(list);
  expect(withNewest(list, { outcome: 'stalled' }, next)).toBe(list);
  expect(withNewest(list, { finding: 'warn' }, next)).toBe(list);
  const warned = { ...next, measurement: { ...next.measurement, findings: [WARNING] } };
  expect(withNewest(list, { finding: 'fail' }, warned)).toBe(list);
  expect(withNewest(list, { finding: 'warn' }, warned)?.pages[0]?.items).toHaveLength(2);
  const long = pages(...Array.from({ length: 400 }, (_, n) => new Date(n * 1000).toISOString()));
  expect(withNewest(long, {}, next)).toBeUndefined();
});
