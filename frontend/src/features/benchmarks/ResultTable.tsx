import { getRouteApi } from '@tanstack/react-router';

import type { BenchmarkResult } from '@/api/types';
import { EmptyState } from '@/components/Notice';
import { Pager } from '@/components/Pager';
import { Panel } from '@/components/Panel';
import { StateBadge } from '@/components/StateBadge';
import { TableScroll } from '@/components/TableScroll';
import { Time } from '@/components/Time';
import { count, dollars, milliseconds, plural, speed } from '@/format/numbers';
import { outcomeLabel } from '@/format/outcomes';

const route = getRouteApi('/house/benchmarks/$runId');
const PER_PAGE = 50;

/** Every request of a run. A failed one shows why, not zeros. */
export function ResultTable({ results }: { results: readonly BenchmarkResult[] }) {
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const shown = results.slice((page - 1) * PER_PAGE, page * PER_PAGE);
  return (
    <Panel title="Requests" description={plural(results.length, 'result')}>
      {results.length === 0 ? (
        <EmptyState title="No result yet">Each request appears here as soon as it ends.</EmptyState>
      ) : (
        <TableScroll label="All requests">
          <table className="table-quiet">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Model</th>
                <th scope="col">Outcome</th>
                <th scope="col" className="num">
                  TTFT
                </th>
                <th scope="col" className="num">
                  Tokens/s
                </th>
                <th scope="col" className="num">
                  End to end
                </th>
                <th scope="col" className="num max-md:hidden">
                  In / out
                </th>
                <th scope="col" className="num max-md:hidden">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((result) => (
                <ResultRow key={result.id} result={result} />
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      <Pager
        page={page}
        perPage={PER_PAGE}
        total={results.length}
        onPage={(to) => void navigate({ search: { page: to }, replace: true, resetScroll: false })}
      />
    </Panel>
  );
}

function ResultRow({ result }: { result: BenchmarkResult }) {
  const failed = Boolean(result.error);
  return (
    <tr data-testid="result-row">
      <td className="text-ink-2 sm:whitespace-nowrap">
        {result.started_at ? <Time at={result.started_at} /> : `#${result.index + 1}`}
      </td>
      <td className="max-w-24 truncate sm:max-w-48 font-medium">{result.model_name}</td>
      <td className="max-w-72">
        <StateBadge state={failed ? 'down' : 'up'}>{outcomeLabel(result.outcome)}</StateBadge>
        {result.error && <p className="mt-0.5 text-xs break-words text-ink-2">{result.error}</p>}
      </td>
      <td className="num">{failed ? '–' : milliseconds(result.ttft_ms)}</td>
      <td className="num">{failed ? '–' : speed(result.tps_excluding_ttft)}</td>
      <td className="num">{failed ? '–' : milliseconds(result.total_latency_ms)}</td>
      <td className="num text-ink-2 max-md:hidden">
        {count(result.input_tokens)} / {count(result.output_tokens)}
      </td>
      <td className="num text-ink-2 max-md:hidden">{dollars(result.estimated_cost)}</td>
    </tr>
  );
}
