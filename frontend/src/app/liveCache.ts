// What a live message changes: cards are patched at once, aggregates are asked for again soon.
import type { QueryClient, QueryKey } from '@tanstack/react-query';

import type { LiveMessage } from '@/api/live';
import type { CheckResponse, ModelCard, Overview } from '@/api/types';

// However fast checks come in, an aggregate is fetched at most this often.
const GAP_MS = { overview: 1_500, checks: 1_500, series: 10_000, other: 500 };

const BY_AGGREGATE: Record<string, QueryKey[]> = {
  provider: [['providers'], ['provider-offers'], ['models'], ['overview']],
  model: [['models'], ['providers'], ['overview']],
  monitoring: [['monitoring-config'], ['overview']],
  rule: [['alert-rules']],
  channel: [['alert-channels']],
  account: [['accounts']],
  'api-key': [['api-keys']],
};

/** A card as it stands after one more check; what only the server can know is left as it was. */
export function withCheck(card: ModelCard, check: CheckResponse): ModelCard {
  if (card.last_check_at && Date.parse(card.last_check_at) >= Date.parse(check.completed_at)) return card;
  const { measurement } = check;
  return {
    ...card,
    last_check_at: check.completed_at,
    last_outcome: measurement.outcome,
    last_says: check.says,
    last_fault_owner: measurement.fault_owner,
    last_ttft_ms: measurement.timing.first_token_ms ?? null,
    last_tokens_per_s: measurement.tokens_per_s ?? null,
  };
}

export class LiveCache {
  private readonly client: QueryClient;
  private readonly last = new Map<string, number>();
  private readonly timers = new Map<string, number>();

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
        this.refresh(['overview'], GAP_MS.overview);
        return;
      case 'benchmark':
        this.refresh(['benchmarks'], GAP_MS.overview);
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

  stop(): void {
    this.timers.forEach((timer) => window.clearTimeout(timer));
    this.timers.clear();
  }

  private registry(aggregate: string): void {
    if (aggregate === 'all') this.everything();
    for (const key of BY_AGGREGATE[aggregate] ?? []) this.refresh(key, GAP_MS.other);
  }

  private check(check: CheckResponse): void {
    this.client.setQueriesData<Overview>({ queryKey: ['overview'] }, (overview) => {
      if (!overview) return overview;
      const items = overview.items.map((card) =>
        card.model_id === check.model_id ? withCheck(card, check) : card,
      );
      return { ...overview, items };
    });
    this.refresh(['overview'], GAP_MS.overview);
    this.refresh(['checks'], GAP_MS.checks);
    this.refresh(['series', check.model_id], GAP_MS.series);
  }

  private refresh(key: QueryKey, gap: number): void {
    const name = JSON.stringify(key);
    if (this.timers.has(name)) return;
    const wait = Math.max(150, (this.last.get(name) ?? 0) + gap - Date.now());
    const timer = window.setTimeout(() => {
      this.timers.delete(name);
      this.last.set(name, Date.now());
      void this.client.invalidateQueries({ queryKey: key });
    }, wait);
    this.timers.set(name, timer);
  }
}
