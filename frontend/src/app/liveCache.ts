// What a live message changes: what is on the screen is patched at once, and the server is asked
// again only where it knows more than the message says, and never often.
import { focusManager, type QueryClient, type QueryKey } from '@tanstack/react-query';

import type { LiveMessage } from '@/api/live';
import type { CheckResponse, Overview } from '@/api/types';

import { type CheckPages, mayChangeState, withCheck, withNewest } from './livePatches';

// However much happens, the same thing is asked for at most this often. `figures`: uptime and
// quantiles of the overview, which only the server can work out.
const GAP_MS = { figures: 30_000, overview: 5_000, checks: 5_000, series: 10_000, benchmarks: 1_500, other: 500 };

const BY_AGGREGATE: Record<string, QueryKey[]> = {
  provider: [['providers'], ['provider-offers'], ['models'], ['overview']],
  model: [['models'], ['providers'], ['overview']],
  monitoring: [['monitoring-config'], ['overview']],
  probe: [['probes']],
  budget: [['budgets']],
  rule: [['alert-rules']],
  channel: [['alert-channels']],
  account: [['accounts']],
  'api-key': [['api-keys']],
};

export class LiveCache {
  private readonly client: QueryClient;
  private readonly began = Date.now();
  private readonly last = new Map<string, number>();
  private readonly timers = new Map<string, { at: number; id: number }>();
  private readonly missed = new Map<string, QueryKey>();

  constructor(client: QueryClient) {
    this.client = client;
  }

  apply = (message: LiveMessage): void => {
    switch (message.kind) {
      case 'check':
        this.check(message.data as unknown as CheckResponse);
        return;
      case 'alert':
        this.refresh(['alerts'], GAP_MS.other);
        this.refresh(['overview'], GAP_MS.other);
        return;
      case 'benchmark':
        this.refresh(['benchmarks'], GAP_MS.benchmarks);
        return;
      case 'registry':
        this.registry(String(message.data.aggregate));
        return;
      case 'ping':
    }
  };

  /** After a break nobody knows all that was missed. */
  everything = (): void => {
    void this.client.invalidateQueries();
  };

  /** Somebody looks again: ask what was not asked while nobody did. */
  lookedAt(): void {
    for (const queryKey of this.missed.values()) void this.client.invalidateQueries({ queryKey });
    this.missed.clear();
  }

  stop(): void {
    this.timers.forEach(({ id }) => window.clearTimeout(id));
    this.timers.clear();
  }

  private registry(aggregate: string): void {
    if (aggregate === 'all') this.everything();
    for (const key of BY_AGGREGATE[aggregate] ?? []) this.refresh(key, GAP_MS.other);
  }

  private check(check: CheckResponse): void {
    this.overview(check);
    this.lists(check);
    this.refresh(['series', check.model_id], GAP_MS.series);
  }

  private overview(check: CheckResponse): void {
    for (const [key, overview] of this.client.getQueriesData<Overview>({ queryKey: ['overview'] })) {
      const card = overview?.items.find((item) => item.model_id === check.model_id);
      if (!overview || !card) continue;
      const patched = withCheck(card, check);
      if (patched === card) continue;
      const items = overview.items.map((item) => (item === card ? patched : item));
      this.client.setQueryData<Overview>(key, { ...overview, items });
      this.refresh(['overview'], mayChangeState(card.state, check) ? GAP_MS.overview : GAP_MS.figures);
    }
  }

  private lists(check: CheckResponse): void {
    for (const query of this.client.getQueryCache().findAll({ queryKey: ['checks'] })) {
      const [, filter] = query.queryKey as [string, Parameters<typeof withNewest>[1]];
      const pages = query.state.data as CheckPages | undefined;
      if (!pages) continue;
      const patched = withNewest(pages, filter, check);
      if (patched === undefined) this.refresh(query.queryKey, GAP_MS.checks);
      else if (patched !== pages) this.client.setQueryData(query.queryKey, patched);
    }
  }

  /** Ask again soon, but not sooner than `gap` after the last time; a shorter gap wins. */
  private refresh(key: QueryKey, gap: number): void {
    const name = JSON.stringify(key);
    const at = Math.max(Date.now() + 150, (this.last.get(name) ?? this.began) + gap);
    const waiting = this.timers.get(name);
    if (waiting && waiting.at <= at) return;
    if (waiting) window.clearTimeout(waiting.id);
    const id = window.setTimeout(() => this.ask(name, key), at - Date.now());
    this.timers.set(name, { at, id });
  }

  private ask(name: string, key: QueryKey): void {
    this.timers.delete(name);
    this.last.set(name, Date.now());
    if (focusManager.isFocused()) void this.client.invalidateQueries({ queryKey: key });
    else this.missed.set(name, key);
  }
}
