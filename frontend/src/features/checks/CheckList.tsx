import { useInfiniteQuery } from '@tanstack/react-query';
import { ListChecks } from 'lucide-react';
import type { ReactNode } from 'react';

import { type CheckFilter, checksQuery } from '@/api/models';
import type { Level, Outcome, ProbeKind } from '@/api/types';
import { Button } from '@/components/Button';
import { controlClass } from '@/components/Field';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { outcomeLabel, OUTCOMES } from '@/format/outcomes';
import { kindLabel, LEVELS, PROBE_KINDS } from '@/format/probes';

import { CheckTable } from './CheckTable';

interface CheckListProps {
  title: string;
  filter: CheckFilter;
  onOutcome: (outcome: Outcome | undefined) => void;
  onKind?: (kind: ProbeKind | undefined) => void;
  onFinding?: (level: Level | undefined) => void;
  actions?: ReactNode;
  pageSize?: number;
}

/** A filtered, endless list of checks. */
export function CheckList({ title, filter, onOutcome, onKind, onFinding, actions, pageSize = 50 }: CheckListProps) {
  const checks = useInfiniteQuery(checksQuery(filter, pageSize));
  const isFiltered = Boolean(filter.outcome ?? filter.kind ?? filter.finding);
  const items = checks.data?.pages.flatMap((page) => page.items);
  return (
    <Panel
      title={title}
      actions={
        <>
          <select
            aria-label="Filter by outcome"
            value={filter.outcome ?? ''}
            onChange={(event) => onOutcome(OUTCOMES.find((each) => each === event.target.value))}
            className={controlClass}
          >
            <option value="">All outcomes</option>
            {OUTCOMES.map((outcome) => (
              <option key={outcome} value={outcome}>
                {outcomeLabel(outcome)}
              </option>
            ))}
          </select>
          {onKind && (
            <select
              aria-label="Filter by kind"
              value={filter.kind ?? ''}
              onChange={(event) => onKind(PROBE_KINDS.find((each) => each === event.target.value))}
              className={controlClass}
            >
              <option value="">All kinds</option>
              {PROBE_KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {kindLabel(kind)}
                </option>
              ))}
            </select>
          )}
          {onFinding && (
            <select
              aria-label="Filter by finding"
              value={filter.finding ?? ''}
              onChange={(event) => onFinding(LEVELS.find((each) => each === event.target.value))}
              className={controlClass}
            >
              <option value="">Found or not</option>
              <option value="warn">Something found</option>
              <option value="fail">A failure found</option>
            </select>
          )}
          {actions}
        </>
      }
    >
      {checks.isPending && <SkeletonRows rows={8} />}
      {checks.error && !items && <ErrorState error={checks.error} onRetry={() => void checks.refetch()} />}
      {items?.length === 0 && (
        <EmptyState
          icon={<ListChecks aria-hidden />}
          title={isFiltered ? 'No check is like this' : 'No checks yet'}
        >
          {!isFiltered && 'The first one comes within the interval, or at once with “Run now”.'}
        </EmptyState>
      )}
      {items && items.length > 0 && <CheckTable checks={items} showModel={!filter.model_id} />}
      {checks.hasNextPage && (
        <div className="flex justify-center border-t border-line py-2.5">
          <Button size="sm" busy={checks.isFetchingNextPage} onClick={() => void checks.fetchNextPage()}>
            Older checks
          </Button>
        </div>
      )}
    </Panel>
  );
}
