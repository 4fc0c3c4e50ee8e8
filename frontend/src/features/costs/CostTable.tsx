import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Coins } from 'lucide-react';

import { costsQuery } from '@/api/costs';
import type { CostLine } from '@/api/types';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Segmented } from '@/components/Segmented';
import { TableScroll } from '@/components/TableScroll';
import { count, plural } from '@/format/numbers';

import { lineName, spent } from './costsInWords';

const route = getRouteApi('/house/costs');

const BY = [
  { value: 'model', label: 'Models' },
  { value: 'provider', label: 'Providers' },
  { value: 'day', label: 'Days' },
] as const;
const DAYS = [
  { value: '1', label: 'Today' },
  { value: '7', label: '7 d' },
  { value: '30', label: '30 d' },
] as const;

/** The bill of the last days, the dearest first. Days are those of UTC. */
export function CostTable() {
  const { by = 'model', days = 7 } = route.useSearch();
  const navigate = useNavigate({ from: '/costs' });
  const costs = useQuery(costsQuery(by, days));
  const { data } = costs;
  return (
    <Panel
      title="Spent"
      description={data && data.items.length > 0 ? total(data.total.usd, data.total.unpriced) : 'Days in UTC.'}
      actions={
        <>
          <Segmented
            label="Add up by"
            value={by}
            options={BY}
            onChange={(chosen) => void navigate({ search: (now) => ({ ...now, by: chosen }), replace: true })}
          />
          <Segmented
            label="Days"
            value={DAYS.find((each) => each.value === String(days))?.value}
            options={DAYS}
            onChange={(chosen) =>
              void navigate({ search: (now) => ({ ...now, days: Number(chosen) }), replace: true })
            }
          />
        </>
      }
    >
      {costs.isPending && <SkeletonRows rows={4} />}
      {costs.error && !data && <ErrorState error={costs.error} onRetry={() => void costs.refetch()} />}
      {data?.items.length === 0 && (
        <EmptyState icon={<Coins aria-hidden />} title="No priced checks yet">
          The first check of a watched model will be here.
        </EmptyState>
      )}
      {data && data.items.length > 0 && <Lines lines={data.items} />}
    </Panel>
  );
}

const total = (usd: number | null | undefined, unpriced: number): string =>
  unpriced === 0 ? `${spent(usd)} in all` : `${spent(usd)} in all; ${plural(unpriced, 'request')} without a known price`;

function Lines({ lines }: { lines: readonly CostLine[] }) {
  return (
    <TableScroll label="Table of costs">
      <table className="table-quiet">
        <thead>
          <tr>
            <th scope="col">Of</th>
            <th scope="col" className="text-right!">
              Cost
            </th>
            <th scope="col" className="text-right!">
              Requests
            </th>
            <th scope="col" className="text-right! max-sm:hidden">
              Unpriced
            </th>
            <th scope="col" className="text-right! max-sm:hidden">
              Input tokens
            </th>
            <th scope="col" className="text-right! max-sm:hidden">
              Output tokens
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.day ?? line.model_id ?? line.provider_id ?? 'removed'} data-testid="cost-row">
              <td>
                <Name line={line} />
              </td>
              <td className="text-right font-medium">{spent(line.usd)}</td>
              <td className="text-right">{count(line.priced + line.unpriced)}</td>
              <td className="text-right max-sm:hidden">{count(line.unpriced)}</td>
              <td className="text-right max-sm:hidden">{count(line.input_tokens)}</td>
              <td className="text-right max-sm:hidden">{count(line.output_tokens)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Name({ line }: { line: CostLine }) {
  if (!line.model_id || !line.model_name) return lineName(line);
  return (
    <>
      <Link to="/models/$modelId" params={{ modelId: line.model_id }} className="font-medium hover:underline">
        {line.model_name}
      </Link>
      <span className="text-ink-3"> at {line.provider_name}</span>
    </>
  );
}
