import { expect, it } from 'vitest';

import type { BenchmarkResult } from '@/api/types';

import { afterMessages, mergedResults, NOTHING_YET } from './runStream';

const result = (id: string, started: string, index = 0): BenchmarkResult => ({
  id,
  model_id: 'm',
  index,
  outcome: 'ok',
  ttft_ms: 1,
  tps: 1,
  tps_excluding_ttft: 1,
  total_latency_ms: 1,
  input_tokens: 1,
  output_tokens: 1,
  started_at: started,
});

const first = result('a', '2026-11-23T10:00:00Z');
const second = result('b', '2026-11-23T10:00:01Z');

it('counts a result once, however often it is replayed', () => {
  const once = afterMessages(NOTHING_YET, [{ type: 'result', data: first }]);
  const again = afterMessages(once, [
    { type: 'result', data: first },
    { type: 'result', data: second },
  ]);
  expect([...again.results.keys()]).toEqual(['a', 'b']);
});

it('never goes back in progress while a replay catches up', () => {
  const ahead = afterMessages(NOTHING_YET, [{ type: 'progress', completed: 8, total: 10 }]);
  expect(afterMessages(ahead, [{ type: 'progress', completed: 1, total: 10 }]).completed).toBe(8);
});

it('ends with the status the run ended with, error or not', () => {
  const state = afterMessages(NOTHING_YET, [
    { type: 'error', error: 'the provider is gone', status: 'failed' },
    { type: 'ping' },
  ]);
  expect(state).toMatchObject({ ended: 'failed', error: 'the provider is gone' });
});

it('leaves the state before as it was', () => {
  afterMessages(NOTHING_YET, [{ type: 'result', data: first }]);
  expect(NOTHING_YET.results.size).toBe(0);
});

it('merges what was fetched with what was streamed, newest first', () => {
  const streamed = new Map([
    ['b', second],
    ['a', first],
  ]);
  expect(mergedResults([first], streamed).map(({ id }) => id)).toEqual(['b', 'a']);
});
