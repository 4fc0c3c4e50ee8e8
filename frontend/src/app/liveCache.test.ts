import { expect, it } from 'vitest';

import type { CheckResponse, ModelCard } from '@/api/types';

import { withCheck } from './liveCache';

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
  slots: [],
};

const check = (completed_at: string) =>
  ({
    completed_at,
    says: 'answered',
    measurement: { outcome: 'ok', fault_owner: 'none', timing: { first_token_ms: 210 }, tokens_per_s: 40 },
  }) as CheckResponse;

it('shows what the newest check found, and leaves what only the server can know', () => {
  const after = withCheck(card, check('2026-11-23T10:01:00.000000Z'));
  expect(after).toMatchObject({ last_says: 'answered', last_ttft_ms: 210, last_tokens_per_s: 40 });
  expect(after).toMatchObject({ state: 'down', uptime_ratio: 0.5, checks: 10 });
});

it('is not set back by a check that is replayed', () => {
  expect(withCheck(card, check('2026-11-23T09:59:00.000000Z'))).toBe(card);
  expect(withCheck(card, check('2026-11-23T10:00:00.000000Z'))).toBe(card);
});
