import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { seriesQuery } from '@/api/models';
import type { SeriesBucket, SeriesResponse } from '@/api/types';
import type { ChartLook } from '@/charts/chartOptions';
import { column, type Frame, frameOf, type Metric } from '@/charts/frame';
import { NumbersTable } from '@/charts/NumbersTable';
import { TimeChart } from '@/charts/TimeChart';
import { ErrorState, Skeleton } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { bareTick, count, milliseconds, millisecondsTick, speed } from '@/format/numbers';

import { AvailabilityChart } from './AvailabilityChart';
import { ThroughputChart } from './ThroughputChart';
import type { TimeWindow } from './timeWindow';

interface Spec {
  title: string;
  metrics: readonly [Metric, Metric];
  heads: readonly [string, string];
  look: ChartLook;
}

const SPECS: readonly Spec[] = [
  {
    title: 'Time to first token',
    metrics: ['ttft_p95_ms', 'ttft_p50_ms'],
    heads: ['p95', 'p50'],
    look: {
      lines: [
        { label: 'p95', colour: '--series-1', kind: 'dashed' },
        { label: 'p50', colour: '--series-1' },
      ],
      band: [0, 1],
      format: milliseconds,
      tick: millisecondsTick,
    },
  },
  {
    title: 'Output tokens per second',
    metrics: ['tokens_per_s_p50', 'tokens_per_s_p05'],
    heads: ['p50', 'p05 (slowest)'],
    look: {
      lines: [
        { label: 'p50', colour: '--series-2' },
        { label: 'p05', colour: '--series-2', kind: 'dashed' },
      ],
      band: [0, 1],
      format: speed,
      tick: bareTick,
    },
  },
  {
    title: 'Total latency',
    metrics: ['total_p95_ms', 'total_p50_ms'],
    heads: ['p95', 'p50'],
    look: {
      lines: [
        { label: 'p95', colour: '--series-3', kind: 'dashed' },
        { label: 'p50', colour: '--series-3' },
      ],
      band: [0, 1],
      format: milliseconds,
      tick: millisecondsTick,
    },
  },
];

interface ChartsProps {
  modelId: string;
  intervalS: number;
  window: TimeWindow;
  onZoom: (fromS: number, toS: number) => void;
}

export function Charts({ modelId, intervalS, window, onZoom }: ChartsProps) {
  const series = useQuery(
    seriesQuery(modelId, {
      start: new Date(window.start * 1000).toISOString(),
      end: new Date(window.end * 1000).toISOString(),
      buckets: window.buckets,
    }),
  );
  // The window moves on and asks anew: what is wrong is said from the first failure on.
  if (series.failureReason && !series.data) {
    return (
      <Panel>
        <ErrorState error={series.failureReason} onRetry={() => void series.refetch()} />
      </Panel>
    );
  }
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      {SPECS.map((spec) => (
        <Panel key={spec.title} title={spec.title}>
          {series.data ? (
            <MetricChart spec={spec} series={series.data} intervalS={intervalS} onZoom={onZoom} />
          ) : (
            <ChartSkeleton />
          )}
        </Panel>
      ))}
      <Panel title="Availability">
        {series.data ? <AvailabilityChart series={series.data} onZoom={onZoom} /> : <ChartSkeleton />}
      </Panel>
      <ThroughputChart modelId={modelId} window={window} onZoom={onZoom} />
    </div>
  );
}

const ChartSkeleton = () => (
  <div role="status" aria-label="Loading" className="px-4 py-3">
    <Skeleton className="h-56 w-full" />
  </div>
);

interface MetricChartProps {
  spec: Spec;
  series: SeriesResponse;
  intervalS: number;
  onZoom: ChartsProps['onZoom'];
}

function MetricChart({ spec, series, intervalS, onZoom }: MetricChartProps) {
  const drawn = useMemo(() => {
    const frame = frameOf(series.buckets, series.bucket_s, intervalS);
    const shown: [number, number] = [Date.parse(series.start) / 1000, Date.parse(series.end) / 1000];
    return { frame, columns: spec.metrics.map((metric) => column(frame, metric)), shown };
  }, [series, intervalS, spec]);
  return (
    <>
      <TimeChart
        label={`${spec.title}: ${spanOf(drawn.frame, spec)}`}
        look={spec.look}
        times={drawn.frame.times}
        columns={drawn.columns}
        window={drawn.shown}
        onZoom={onZoom}
      />
      <NumbersTable
        caption={spec.title}
        heads={[...spec.heads, 'Checks']}
        rows={() => filledRows(drawn.frame).map((bucket) => rowOf(bucket, spec))}
      />
    </>
  );
}

const filledRows = (frame: Frame): SeriesBucket[] =>
  frame.rows.filter((row): row is SeriesBucket => row !== null).reverse();

const rowOf = (bucket: SeriesBucket, { metrics, look }: Spec) => ({
  at: bucket.at,
  cells: [
    ...metrics.map((metric) => (bucket[metric] == null ? '–' : look.format(bucket[metric]))),
    count(bucket.checks),
  ],
});

/** One line for those who cannot see the chart. */
function spanOf(frame: Frame, { metrics, heads, look }: Spec): string {
  const parts = metrics.map((metric, index) => {
    const values = column(frame, metric).filter((value) => value !== null);
    if (values.length === 0) return `${heads[index] ?? metric} no data`;
    return `${heads[index] ?? metric} ${look.format(Math.min(...values))} to ${look.format(Math.max(...values))}`;
  });
  return parts.join(', ');
}
