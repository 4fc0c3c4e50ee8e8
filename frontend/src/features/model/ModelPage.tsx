import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowLeft, ZoomOut } from 'lucide-react';
import { useCallback, useMemo } from 'react';

import { modelQuery } from '@/api/models';
import { historyExportUrl, monitoringConfigQuery, overviewQuery, type Range, RANGES } from '@/api/monitoring';
import { Button } from '@/components/Button';
import { ExportLinks } from '@/components/ExportLinks';
import { SkeletonRows } from '@/components/Notice';
import { PageError } from '@/components/PageError';
import { PageHeader } from '@/components/Panel';
import { Segmented } from '@/components/Segmented';
import { CheckList } from '@/features/checks/CheckList';
import { fittingRange } from '@/charts/fittingRange';
import { factsInWords } from '@/features/models/factsInWords';
import { RetiredBadge } from '@/features/models/RetiredBadge';
import { useNow } from '@/format/clock';
import { dateMinute } from '@/format/time';
import { useZone } from '@/format/zone';

import { Charts } from './Charts';
import { ModelActions } from './ModelActions';
import { ModelSummary } from './ModelSummary';
import { timeWindow } from './timeWindow';

const route = getRouteApi('/house/models/$modelId');

export function ModelPage() {
  const { modelId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const model = useQuery(modelQuery(modelId));
  const now = useNow(false);
  const range = search.range ?? (model.data ? fittingRange(Date.parse(model.data.created_at), now) : '24h');
  const config = useQuery(monitoringConfigQuery);
  const card = useQuery({
    ...overviewQuery(range),
    select: (overview) => overview.items.find((item) => item.model_id === modelId),
  });
  const intervalS = model.data?.interval_s ?? config.data?.interval_s ?? 60;

  if (model.error && !model.data) {
    return <PageError subject="model" error={model.error} onRetry={() => void model.refetch()} />;
  }
  const { data } = model;
  return (
    <div className="flex flex-col gap-4">
      <Link
        to="/"
        search={{ range: search.range }}
        className="inline-flex items-center gap-1.5 self-start text-xs font-medium text-ink-2 hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-3.5" />
        Overview
      </Link>
      {data ? (
        <PageHeader
          title={data.custom_name ?? data.model_id}
          subtitle={
            <>
              {data.custom_name && <span>{data.model_id} · </span>}
              <Link
                to="/providers/$providerId"
                params={{ providerId: data.provider_account_id }}
                className="hover:text-accent hover:underline"
              >
                {data.provider_name}
              </Link>
              {factsInWords(data.facts) && <span> · {factsInWords(data.facts)}</span>}
              {data.retired_at && <RetiredBadge since={data.retired_at} />}
            </>
          }
          actions={<ModelActions model={data} defaultIntervalS={config.data?.interval_s} />}
        />
      ) : (
        <SkeletonRows rows={1} />
      )}
      <ModelSummary card={card.data} range={range} watched={data && data.enabled_for_monitoring && !data.retired_at} loading={card.isPending} />
      <WindowBar range={range} />
      <LiveCharts modelId={modelId} range={range} intervalS={intervalS} />
      <CheckList
        title="Recent checks"
        filter={{ model_id: modelId, outcome: search.outcome }}
        pageSize={25}
        onOutcome={(outcome) => void navigate({ search: (before) => ({ ...before, outcome }), replace: true })}
        actions={<ExportLinks what="the checks" url={(format) => historyExportUrl(format, modelId)} />}
      />
    </div>
  );
}

/** Which time the charts show: a range up to now, or the part that was zoomed into. */
function WindowBar({ range }: { range: Range }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const zone = useZone();
  const { from, to } = search;
  const zoomed = from !== undefined && to !== undefined;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segmented
        label="Time range"
        value={zoomed ? undefined : range}
        options={RANGES.map((value) => ({ value, label: value }))}
        onChange={(value) =>
          void navigate({
            search: (before) => ({ ...before, range: value, from: undefined, to: undefined }),
            replace: true,
          })
        }
      />
      {zoomed ? (
        <>
          <span className="text-xs text-ink-2">
            {dateMinute(new Date(from), zone)} – {dateMinute(new Date(to), zone)}
          </span>
          <Button
            size="sm"
            icon={<ZoomOut aria-hidden className="size-3.5" />}
            onClick={() =>
              void navigate({ search: (before) => ({ ...before, from: undefined, to: undefined }) })
            }
          >
            Reset zoom
          </Button>
        </>
      ) : (
        <span className="text-xs text-ink-3 max-sm:hidden">
          Drag across a chart to zoom in. Where a line breaks, no answer could be timed well. Times in {zone}.
        </span>
      )}
    </div>
  );
}

interface LiveChartsProps {
  modelId: string;
  range: Range;
  intervalS: number;
}

function LiveCharts({ modelId, range, intervalS }: LiveChartsProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const now = useNow();
  const { start, end, buckets } = timeWindow({ ...search, range }, intervalS, now);
  const shown = useMemo(() => ({ start, end, buckets }), [start, end, buckets]);
  const zoom = useCallback(
    (fromS: number, toS: number) =>
      void navigate({
        search: (before) => ({ ...before, from: Math.round(fromS * 1000), to: Math.round(toS * 1000) }),
      }),
    [navigate],
  );
  return <Charts modelId={modelId} intervalS={intervalS} window={shown} onZoom={zoom} />;
}
