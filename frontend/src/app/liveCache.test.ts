import { focusManager, QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { LiveMessage } from '@/api/live';
import type { Overview } from '@/api/types';

import { LiveCache } from './liveCache';

const overview = {
  range: '24h',
  items: [{ model_id: 'm', state: 'up', checks: 0, slots: [] }],
} as unknown as Overview;

const client = new QueryClient();
const asked = vi.spyOn(client, 'invalidateQueries').mockResolvedValue();
let cache = new LiveCache(client);
let seconds = 0;

beforeEach(() => {
  vi.useFakeTimers();
  focusManager.setFocused(true);
  vi.stubGlobal('window', globalThis);
  cache = new LiveCache(client);
  client.setQueryData(['overview', '24h'], overview);
  asked.mockClear();
});

afterEach(() => {
  cache.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function say(usable: boolean): void {
  seconds += 1;
  const measurement = { outcome: 'ok', fault_owner: 'none', timing: {}, tokens_per_s: null };
  const completed_at = new Date(Date.UTC(2026, 10, 23) + seconds * 1000).toISOString();
  const data = { id: String(seconds), kind: 'liveness', model_id: 'm', completed_at, usable, says: '', measurement };
  cache.apply({ kind: 'check', data } as unknown as LiveMessage);
}

const askedFor = (name: string) =>
  asked.mock.calls.filter(([filters]) => filters?.queryKey?.[0] === name).length;

it('patches cards, and asks only for new figures while checks find what was known', () => {
  for (let n = 0; n < 100; n += 1) {
    say(true);
    vi.advanceTimersByTime(1_000);
  }
  expect(client.getQueryData<Overview>(['overview', '24h'])?.items[0]?.checks).toBe(100);
  expect(askedFor('overview')).toBe(3);
});

it('asks at once when a state may change, then not again for five seconds', () => {
  vi.advanceTimersByTime(10_000);
  for (let n = 0; n < 10; n += 1) {
    say(false);
    vi.advanceTimersByTime(400);
  }
  expect(askedFor('overview')).toBe(1);
  vi.advanceTimersByTime(5_000);
  expect(askedFor('overview')).toBe(2);
});

it('asks nothing while nobody looks, and once when somebody looks again', () => {
  focusManager.setFocused(false);
  vi.advanceTimersByTime(10_000);
  for (let n = 0; n < 10; n += 1) {
    say(false);
    vi.advanceTimersByTime(5_000);
  }
  expect(askedFor('overview')).toBe(0);
  focusManager.setFocused(true);
  cache.lookedAt();
  expect(askedFor('overview')).toBe(1);
});

it('lets an alert ask sooner than checks may', () => {
  vi.advanceTimersByTime(10_000);
  say(false);
  vi.advanceTimersByTime(200);
  say(false);
  cache.apply({ kind: 'alert', data: {} } as unknown as LiveMessage);
  vi.advanceTimersByTime(600);
  expect(askedFor('overview')).toBe(2);
});
