import type { ReactNode } from 'react';

import type { Range } from '@/api/monitoring';
import type { ModelCard } from '@/api/types';
import { Lasting } from '@/components/Lasting';
import { Skeleton } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { StateBadge } from '@/components/StateBadge';
import { Time } from '@/components/Time';
import { count, milliseconds, percent, speed } from '@/format/numbers';
import { faultOwner } from '@/format/outcomes';

interface ModelSummaryProps {
  card: ModelCard | undefined;
  /** What the figures are of. */
  range: Range;
  watched: boolean | undefined;
  loading: boolean;
}

/** The state in one line, and the figures of the chosen range. */
export function ModelSummary({ card, range, watched, loading }: ModelSummaryProps) {
  if (!card && !loading) {
    return (
      <Panel>
        <p className="px-4 py-3 text-[0.8125rem] text-ink-2">
          {watched === false
            ? 'This model is not watched. Switch on “Watched” to check it at its interval.'
            : 'No state yet: waiting for the first check.'}
        </p>
      </Panel>
    );
  }
  return (
    <Panel>
      <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5 text-[0.8125rem]">
        {card ? <Headline card={card} /> : <Skeleton className="h-5 w-72" />}
      </div>
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-b-lg bg-line sm:grid-cols-3 lg:grid-cols-6">
        <Figure term={`Uptime in ${range}`} value={card && percent(card.uptime_ratio)} />
        <Figure term="Usable" value={card && percent(card.usable_ratio)} />
        <Figure term="TTFT p50" value={card && milliseconds(card.ttft_p50_ms)} />
        <Figure term="TTFT p95" value={card && milliseconds(card.ttft_p95_ms)} />
        <Figure term="Tokens/s p50" value={card && speed(card.tokens_per_s_p50)} />
        <Figure term={`Checks in ${range}`} value={card && count(card.checks)} />
      </dl>
    </Panel>
  );
}

function Headline({ card }: { card: ModelCard }) {
  return (
    <>
      <StateBadge state={card.state} />
      {card.since && (
        <span>
          for{' '}
          <span className="font-medium">
            <Lasting from={card.since} />
          </span>
          , since <Time at={card.since} />
        </span>
      )}
      {card.last_says && (
        <span className="text-ink-2">
          {card.last_says}
          {card.last_fault_owner && card.last_fault_owner !== 'none' && ` (${faultOwner(card.last_fault_owner)})`}
        </span>
      )}
      {card.last_check_at && (
        <span className="ml-auto text-xs text-ink-3">
          checked <Time at={card.last_check_at} ago />
        </span>
      )}
    </>
  );
}

function Figure({ term, value }: { term: string; value: ReactNode }) {
  return (
    <div className="bg-surface px-4 py-2.5">
      <dt className="text-xs text-ink-3">{term}</dt>
      <dd className="text-base font-medium">{value ?? <Skeleton className="h-6 w-16" />}</dd>
    </div>
  );
}
