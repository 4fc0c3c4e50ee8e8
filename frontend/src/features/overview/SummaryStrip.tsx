import { Link } from '@tanstack/react-router';

import type { ModelState, Overview } from '@/api/types';
import type { OverviewSearch } from '@/app/search';
import { Skeleton } from '@/components/Notice';
import { StateIcon } from '@/components/StateBadge';
import { count } from '@/format/numbers';
import { STATE_LABEL, STATES } from '@/format/outcomes';

interface SummaryStripProps {
  overview: Overview | undefined;
  search: OverviewSearch;
}

/** How many models are in each state. Pressing one shows only those; pressing again shows all. */
export function SummaryStrip({ overview, search }: SummaryStripProps) {
  return (
    <nav
      aria-label="Models by state"
      className="grid grid-cols-5 gap-px overflow-hidden rounded-lg border border-line bg-line shadow-card sm:grid-cols-5"
    >
      {STATES.map((state) => (
        <StateCount key={state} state={state} n={overview?.[state]} search={search} />
      ))}
    </nav>
  );
}

interface StateCountProps {
  state: ModelState;
  n: number | undefined;
  search: OverviewSearch;
}

/** What is wrong stands out; what is not there does not. */
function toneOf(state: ModelState, n: number | undefined, chosen: boolean): string {
  if (chosen) return 'bg-accent-soft';
  if (n && state === 'down') return 'bg-down-soft';
  if (n && state === 'degraded') return 'bg-degraded-soft';
  return 'bg-surface hover:bg-raised';
}

function StateCount({ state, n, search }: StateCountProps) {
  const chosen = search.state === state;
  return (
    <Link
      to="/"
      search={{ ...search, state: chosen ? undefined : state }}
      replace
      aria-current={chosen ? 'true' : undefined}
      data-testid={`count-${state}`}
      className={`flex flex-col items-center gap-x-2.5 gap-y-1 px-1 py-2.5 text-center sm:flex-row sm:text-left transition-colors focus-visible:-outline-offset-2 sm:px-4 ${toneOf(state, n, chosen)}`}
    >
      <StateIcon state={state} className={n === 0 ? 'size-5 opacity-35 grayscale' : 'size-5'} />
      <span>
        {n === undefined ? (
          <Skeleton className="h-6 w-8" />
        ) : (
          <span className={`block text-lg leading-6 font-semibold ${n === 0 ? 'text-ink-3' : ''}`}>
            {count(n)}
          </span>
        )}
        <span className="block text-[0.6875rem] text-ink-2 sm:text-xs">{STATE_LABEL[state]}</span>
      </span>
    </Link>
  );
}
