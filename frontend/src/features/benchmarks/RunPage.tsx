import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useEffect } from 'react';

import { benchmarkExportUrl, benchmarkQuery, hasEnded } from '@/api/benchmarks';
import type { BenchmarkDetail } from '@/api/types';
import { ExportLinks } from '@/components/ExportLinks';
import { SkeletonRows } from '@/components/Notice';
import { PageError } from '@/components/PageError';
import { PageHeader, Panel } from '@/components/Panel';
import { Time } from '@/components/Time';
import { count, plural } from '@/format/numbers';

import { Comparison } from './Comparison';
import { ResultTable } from './ResultTable';
import { RunActions } from './RunActions';
import { Progress, RunStatus } from './RunStatus';
import { mergedResults, tookOf } from './runStream';
import { usePackLabel } from './usePackLabel';
import { useRunStream } from './useRunStream';

const route = getRouteApi('/house/benchmarks/$runId');
/** The statistics are the server's; while a run lasts they are asked for this often. */
const REFRESH_MS = 2_000;

export function RunPage() {
  const { runId } = route.useParams();
  const run = useQuery({
    ...benchmarkQuery(runId),
    refetchInterval: ({ state }) => (state.data && !hasEnded(state.data.status) ? REFRESH_MS : false),
  });
  const { data, error } = run;
  return (
    <div className="flex flex-col gap-4">
      <Link
        to="/benchmarks"
        className="inline-flex items-center gap-1.5 self-start text-xs font-medium text-ink-2 hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-3.5" />
        Benchmarks
      </Link>
      {error && !data && <PageError subject="run" error={error} onRetry={() => void run.refetch()} />}
      {run.isPending && <SkeletonRows rows={5} />}
      {data && <Run run={data} />}
    </div>
  );
}

function Run({ run }: { run: BenchmarkDetail }) {
  const client = useQueryClient();
  const packLabel = usePackLabel();
  const stream = useRunStream(run.id, !hasEnded(run.status));
  const results = mergedResults(run.results, stream.results);
  const total = Math.max(run.expected_count, stream.total);
  const completed = Math.max(run.result_count, stream.completed, results.length);
  const begun = completed > 0 ? 'running' : run.status;
  const status = hasEnded(run.status) ? run.status : (stream.ended ?? begun);

  useEffect(() => {
    if (stream.ended !== undefined) void client.invalidateQueries({ queryKey: ['benchmarks'] });
  }, [client, stream.ended]);

  return (
    <>
      <PageHeader
        title={run.name}
        subtitle={
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <RunStatus status={status} />
            <span>
              started <Time at={run.started_at} /> by {run.triggered_by}
            </span>
            {run.completed_at && <span>took {tookOf(run.started_at, run.completed_at)}</span>}
          </div>
        }
        actions={
          <>
            <ExportLinks what="the results" url={(format) => benchmarkExportUrl(run.id, format)} />
            <RunActions run={run} ended={hasEnded(status)} />
          </>
        }
      />
      <Panel>
        <div className="flex flex-col gap-2 px-4 py-3">
          <div className="flex flex-wrap justify-between gap-x-4 text-[0.8125rem]">
            <p role="status" data-testid="run-progress">
              <span className="font-medium">
                {count(completed)} of {count(total)}
              </span>{' '}
              requests done
              {run.failed_count > 0 && <span className="text-down">, {count(run.failed_count)} failed</span>}
            </p>
            <p className="text-ink-3">{planOf(run, packLabel)}</p>
          </div>
          <Progress label="Progress" completed={completed} total={total} />
          {(run.message ?? stream.error) && (
            <p role="alert" className="text-[0.8125rem] text-down">
              {run.message ?? stream.error}
            </p>
          )}
        </div>
      </Panel>
      <Comparison models={run.models} />
      <ResultTable results={results} />
    </>
  );
}

const planOf = (run: BenchmarkDetail, packLabel: (pack: string) => string): string =>
  [
    packLabel(run.prompt_pack),
    plural(run.model_ids.length, 'model'),
    `${plural(run.num_runs, 'run')} each`,
    `${count(run.max_tokens)} tokens at most`,
    `${run.concurrency} at once`,
    `${run.warmup_runs} warm-up`,
  ].join(' · ');
