import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Gauge, Plus } from 'lucide-react';

import { benchmarksQuery, hasEnded, RUNS_PER_PAGE } from '@/api/benchmarks';
import type { BenchmarkRun } from '@/api/types';
import { useMay } from '@/app/session';
import { buttonClass } from '@/components/buttonClass';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Pager } from '@/components/Pager';
import { PageHeader, Panel } from '@/components/Panel';
import { TableScroll } from '@/components/TableScroll';
import { Time } from '@/components/Time';
import { count, plural } from '@/format/numbers';

import { Progress, RunStatus } from './RunStatus';
import { tookOf } from './runStream';
import { usePackLabel } from './usePackLabel';

const route = getRouteApi('/house/benchmarks');
const REFRESH_MS = 3_000;

export function BenchmarksPage() {
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const mayStart = useMay('operator');
  const runs = useQuery({
    ...benchmarksQuery(page),
    refetchInterval: ({ state }) =>
      state.data?.runs.some((run) => !hasEnded(run.status)) ? REFRESH_MS : false,
  });
  const { data } = runs;
  const start = mayStart && (
    <Link to="/benchmarks/new" className={buttonClass({ variant: 'primary' })}>
      <Plus aria-hidden className="size-4" />
      New benchmark
    </Link>
  );
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        title="Benchmarks"
        subtitle="The same prompt, the same limits, several models: exact numbers for each."
        actions={data?.total !== 0 && start}
      />
      <Panel>
        {runs.isPending && <SkeletonRows rows={8} />}
        {runs.error && !data && <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />}
        {data?.total === 0 && (
          <EmptyState icon={<Gauge aria-hidden />} title="No benchmark yet" action={start}>
            Choose models and a prompt; the results come in as they are measured.
          </EmptyState>
        )}
        {data && data.runs.length > 0 && <RunTable runs={data.runs} />}
        {data && (
          <Pager
            page={page}
            perPage={RUNS_PER_PAGE}
            total={data.total}
            onPage={(to) => void navigate({ search: { page: to } })}
          />
        )}
      </Panel>
    </div>
  );
}

function RunTable({ runs }: { runs: readonly BenchmarkRun[] }) {
  const packLabel = usePackLabel();
  return (
    <TableScroll label="Runs">
      <table className="table-quiet">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Status</th>
            <th scope="col" className="max-sm:hidden">
              Models
            </th>
            <th scope="col" className="num max-sm:hidden">
              Requests
            </th>
            <th scope="col" className="num max-sm:hidden">
              Failed
            </th>
            <th scope="col" className="max-md:hidden">
              By
            </th>
            <th scope="col">Started</th>
            <th scope="col" className="num max-md:hidden">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id} data-testid="run-row" className="hover:bg-raised/60">
              <td className="max-w-72">
                <Link
                  to="/benchmarks/$runId"
                  params={{ runId: run.id }}
                  className="block truncate font-medium hover:text-accent"
                >
                  {run.name}
                </Link>
                <p className="truncate text-xs text-ink-3">{packLabel(run.prompt_pack)}</p>
              </td>
              <td>
                <RunStatus status={run.status} />
              </td>
              <td className="text-ink-2 max-sm:hidden">{plural(run.model_ids.length, 'model')}</td>
              <td className="num max-sm:hidden">
                {count(run.result_count)} / {count(run.expected_count)}
                {!hasEnded(run.status) && (
                  <Progress
                    label={`Progress of ${run.name}`}
                    completed={run.result_count}
                    total={run.expected_count}
                    className="mt-1"
                  />
                )}
              </td>
              <td className={`num max-sm:hidden ${run.failed_count > 0 ? 'text-down' : 'text-ink-3'}`}>
                {count(run.failed_count)}
              </td>
              <td className="text-ink-2 max-md:hidden">{run.triggered_by}</td>
              <td className="text-ink-2 sm:whitespace-nowrap">
                <Time at={run.started_at} short />
              </td>
              <td className="num text-ink-2 max-md:hidden">
                {run.completed_at ? tookOf(run.started_at, run.completed_at) : '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
