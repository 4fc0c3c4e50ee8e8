import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { checksQuery } from '@/api/models';
import type { ChartLook } from '@/charts/chartOptions';
import { NumbersTable } from '@/charts/NumbersTable';
import { TimeChart } from '@/charts/TimeChart';
import { Panel } from '@/components/Panel';
import { bareTick, count, speed } from '@/format/numbers';

import { throughputSpeeds } from './throughputSpeeds';
import type { TimeWindow } from './timeWindow';

const NEWEST = 500;
const TITLE = 'Throughput probes';

const LOOK: ChartLook = {
  lines: [{ label: 'tokens/s', colour: '--series-2' }],
  format: speed,
  tick: bareTick,
};

interface ThroughputChartProps {
  modelId: string;
  window: TimeWindow;
  onZoom: (fromS: number, toS: number) => void;
}

/** How fast the long answers of throughput probes came, each by itself: they are few. Nothing where
 * no such probe ever asked this model. */
export function ThroughputChart({ modelId, window, onZoom }: ThroughputChartProps) {
  const checks = useInfiniteQuery(checksQuery({ model_id: modelId, kind: 'throughput' }, NEWEST));
  const drawn = useMemo(() => throughputSpeeds(checks.data?.pages[0]?.items ?? []), [checks.data]);
  const shown = useMemo((): [number, number] => [window.start, window.end], [window]);
  const columns = useMemo(() => [drawn.map((each) => each.tokensPerS)], [drawn]);
  const times = useMemo(() => drawn.map((each) => each.atS), [drawn]);
  if (drawn.length === 0) return null;
  const speeds = drawn.map((each) => each.tokensPerS);
  return (
    <Panel title={TITLE}>
      <TimeChart
        label={`${TITLE}: ${speed(Math.min(...speeds))} to ${speed(Math.max(...speeds))}`}
        look={LOOK}
        times={times}
        columns={columns}
        window={shown}
        onZoom={onZoom}
      />
      <NumbersTable
        caption={TITLE}
        heads={['Tokens/s', 'Tokens']}
        rows={() =>
          drawn.toReversed().map((each) => ({
            at: each.at,
            cells: [speed(each.tokensPerS), each.tokens === null ? '–' : count(each.tokens)],
          }))
        }
      />
    </Panel>
  );
}
