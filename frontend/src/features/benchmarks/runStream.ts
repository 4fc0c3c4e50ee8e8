// What a run's live stream adds up to. It replays everything to whoever comes late, so the same
// result may arrive twice, over the stream and over REST; its id makes it one.
import type { BenchmarkResult } from '@/api/types';
import { duration } from '@/format/numbers';

export type RunMessage =
  | { type: 'progress'; completed: number; total: number }
  | { type: 'result'; data: BenchmarkResult }
  | { type: 'complete'; status: string }
  | { type: 'error'; error: string; status: string }
  | { type: 'ping' };

export interface RunState {
  results: ReadonlyMap<string, BenchmarkResult>;
  completed: number;
  total: number;
  /** How it ended, once it has. */
  ended: string | undefined;
  error: string | undefined;
}

export const NOTHING_YET: RunState = {
  results: new Map(),
  completed: 0,
  total: 0,
  ended: undefined,
  error: undefined,
};

/** The state after some messages, oldest first. */
export function afterMessages(state: RunState, messages: readonly RunMessage[]): RunState {
  const next = { ...state };
  let results: Map<string, BenchmarkResult> | undefined;
  for (const message of messages) {
    switch (message.type) {
      case 'progress':
        next.completed = Math.max(next.completed, message.completed);
        next.total = message.total;
        break;
      case 'result':
        results ??= new Map(state.results);
        results.set(message.data.id, message.data);
        break;
      case 'complete':
        next.ended = message.status;
        break;
      case 'error':
        next.error = message.error;
        next.ended = message.status;
        break;
      case 'ping':
    }
  }
  return { ...next, results: results ?? state.results };
}

/** Newest first, whether a result came by the stream or with the page. */
export function mergedResults(
  fetched: readonly BenchmarkResult[],
  streamed: RunState['results'],
): BenchmarkResult[] {
  const byId = new Map(fetched.map((result) => [result.id, result]));
  for (const [id, result] of streamed) byId.set(id, result);
  return [...byId.values()].sort((a, b) => startOf(b) - startOf(a) || b.index - a.index);
}

const startOf = (result: BenchmarkResult) => (result.started_at ? Date.parse(result.started_at) : 0);

/** How long a run took; one of a few seconds is told to a tenth. */
export function tookOf(start: string, end: string): string {
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : duration(seconds);
}
