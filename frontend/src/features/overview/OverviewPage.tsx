import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useState } from 'react';

import { overviewQuery, type Range, RANGES, runAllNow } from '@/api/monitoring';
import type { ModelCard } from '@/api/types';
import type { OverviewSearch } from '@/app/search';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { controlClass } from '@/components/Field';
import { EmptyState, ErrorState, Skeleton } from '@/components/Notice';
import { PageHeader, Panel } from '@/components/Panel';
import { SearchBox } from '@/components/SearchBox';
import { Segmented } from '@/components/Segmented';
import { tellDone } from '@/components/toasts';
import { plural } from '@/format/numbers';

import { filtered, providersOf } from './arrange';
import { FirstSteps } from './FirstSteps';
import { beganOf, fittingRange } from '@/charts/fittingRange';
import { ModelCardView } from './ModelCardView';
import { SummaryStrip } from './SummaryStrip';

const route = getRouteApi('/house/');
const GRID = 'grid grid-cols-[repeat(auto-fill,minmax(min(100%,20.5rem),1fr))] gap-3';
const STEP = 120;

export function OverviewPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = useRange(search.range);
  const overview = useQuery(overviewQuery(range));
  const change = (next: Partial<OverviewSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });

  const { data, error } = overview;
  const isEmpty = data?.items.length === 0;
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        title="Overview"
        tabTitle={data && data.down > 0 ? `${data.down} down` : undefined}
        subtitle={data ? subtitleOf(data.items.length, data.open_alerts) : error ? undefined : 'Loading…'}
        actions={
          !isEmpty && (
            <>
              <Segmented
                label="Time range"
                value={range}
                options={RANGES.map((value) => ({ value, label: value }))}
                onChange={(value) => change({ range: value })}
              />
              <RunAll />
            </>
          )
        }
      />
      {error && !data && (
        <Panel>
          <ErrorState error={error} onRetry={() => void overview.refetch()} />
        </Panel>
      )}
      {data && isEmpty && <FirstSteps providers={data.providers} models={data.models} />}
      {!isEmpty && (!error || data) && (
        <>
          <SummaryStrip overview={data} search={search} />
          <Filters search={search} cards={data?.items ?? []} onChange={change} />
          {data ? <Cards cards={filtered(data.items, search)} range={range} search={search} /> : <CardSkeletons />}
        </>
      )}
    </div>
  );
}

/** The chosen range, or one that fits how much there is to see. */
function useRange(chosen: Range | undefined): Range {
  const ofDay = overviewQuery('24h');
  const known = useQueryClient().getQueryData(ofDay.queryKey) !== undefined;
  const day = useQuery({
    ...ofDay,
    // Asked once; from then on only what is shown is kept fresh.
    enabled: chosen === undefined && !known,
    select: (overview) => fittingRange(beganOf(overview), Date.parse(overview.generated_at)),
  });
  return chosen ?? day.data ?? '24h';
}

const subtitleOf = (models: number, alerts: number): string =>
  `${plural(models, 'model')} watched · ${alerts === 0 ? 'no open alerts' : plural(alerts, 'open alert')}`;

function RunAll() {
  const mayRun = useMay('operator');
  const run = useMutation({
    mutationFn: runAllNow,
    meta: { failure: 'The checks were not started' },
    onSuccess: ({ requested, message }) => tellDone(requested > 0 ? `${plural(requested, 'check')} requested` : message),
  });
  if (!mayRun) return null;
  return (
    <Button
      onClick={() => run.mutate()}
      busy={run.isPending}
      icon={<Play aria-hidden className="size-3.5" />}
    >
      Run all now
    </Button>
  );
}

interface FiltersProps {
  search: OverviewSearch;
  cards: readonly ModelCard[];
  onChange: (next: Partial<OverviewSearch>) => void;
}

function Filters({ search, cards, onChange }: FiltersProps) {
  return (
    <div className="flex flex-wrap gap-2">
      <SearchBox
        label="Search models"
        value={search.q ?? ''}
        onChange={(q) => onChange({ q: q || undefined })}
        className="min-w-44 flex-1 sm:max-w-72"
      />
      <select
        aria-label="Filter by provider"
        value={search.provider ?? ''}
        onChange={(event) => onChange({ provider: event.target.value || undefined })}
        className={`${controlClass} max-w-56 min-w-36 flex-1 sm:flex-none`}
      >
        <option value="">All providers</option>
        {providersOf(cards).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

interface CardsProps {
  cards: ModelCard[];
  range: Range;
  search: OverviewSearch;
}

function Cards({ cards, range, search }: CardsProps) {
  const navigate = route.useNavigate();
  const [limit, setLimit] = useState(STEP);
  if (cards.length === 0) {
    return (
      <Panel>
        <EmptyState
          title="No model fits these filters"
          action={
            <Button onClick={() => void navigate({ search: { range: search.range } })}>Show all models</Button>
          }
        />
      </Panel>
    );
  }
  const rest = cards.length - limit;
  return (
    <>
      <div className={GRID}>
        {cards.slice(0, limit).map((card) => (
          <ModelCardView key={card.model_id} card={card} range={range} chosen={search.range} />
        ))}
      </div>
      {rest > 0 && (
        <Button className="self-center" onClick={() => setLimit(limit + STEP)}>
          Show {Math.min(rest, STEP)} more of {plural(rest, 'model')} below
        </Button>
      )}
    </>
  );
}

function CardSkeletons() {
  return (
    <div role="status" aria-label="Loading models" className={GRID}>
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} className="flex h-47.5 flex-col gap-3.5 rounded-lg border border-line bg-surface px-4 py-3.5">
          <Skeleton className="h-4 w-2/3" />
          <Skeleton className="h-3 w-1/3" />
          <Skeleton className="h-7 w-full" />
          <Skeleton className="h-9 w-full" />
        </div>
      ))}
    </div>
  );
}
