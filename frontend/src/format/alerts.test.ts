import { expect, it } from 'vitest';

import type { AlertResponse } from '@/api/types';

import { beganAt, causeOf } from './alerts';

const alert = {
  outcome: 'server_error',
  fault_owner: 'provider',
  since: '2026-11-23T10:00:00Z',
  created_at: '2026-11-23T10:01:00Z',
} as AlertResponse;

it('says what happened and who has to act', () => {
  expect(causeOf(alert)).toBe('Server error (provider)');
  expect(causeOf({ ...alert, fault_owner: 'none' })).toBe('Server error');
});

it('begins with the first failure, not with the alert', () => {
  expect(beganAt(alert)).toBe(alert.since);
  expect(beganAt({ ...alert, since: null })).toBe(alert.created_at);
});
