import { useMemo } from 'react';

import type { SeriesResponse } from '@/api/types';
import type { ChartLook } from '@/charts/chartOptions';
import { availability, availabilitySlots } from '@/charts/frame';
import { NumbersTable } from '@/charts/NumbersTable';
import { TimeChart } from '@/charts/TimeChart';
import { count, percent } from '@/format/numbers';

// The share that failed is a full column painted first; the share that answered covers its foot.
const LOOK: ChartLook = {
  lines: [
    { label: 'not available', colour: '--down-bar', kind: 'bars', silent: true },
    { label: 'available', colour: '--up-bar', kind: 'bars' },
  ],
  format: (value) => `${value.toFixed(value % 1 === 0 ? 0 : 1)} %`,
  tick: (value) => `${value} %`,
  top: 100,
};

interface AvailabilityChartProps {
  series: SeriesResponse;
  onZoom: (fromS: number, toS: number) => void;
}

export function AvailabilityChart({ series, onZoom }: AvailabilityChartProps) {
  const { slots, times, columns, shown } = useMemo(() => {
    const merged = availabilitySlots(series.buckets, series.bucket_s);
    const ratios = merged.map(availability);
    const window: [number, number] = [Date.parse(series.start) / 1000, Date.parse(series.end) / 1000];
    return {
      slots: merged,
      times: merged.map((slot) => (slot.from + slot.to) / 2),
      columns: [
        ratios.map((ratio) => (ratio === null || ratio === 1 ? null : 100)),
        ratios.map((ratio) => (ratio === null ? null : ratio * 100)),
      ],
      shown: window,
    };
  }, [series]);
  const available = slots.reduce((sum, slot) => sum + slot.available, 0);
  const unavailable = slots.reduce((sum, slot) => sum + slot.unavailable, 0);
  return (
    <>
      <TimeChart
        label={`Availability: ${percent(availability({ available, unavailable }))} over the whole window`}
        look={LOOK}
        times={times}
        columns={columns}
        window={shown}
        onZoom={onZoom}
      />
      <NumbersTable
        caption="Availability"
        heads={['Availability', 'Available', 'Not available', 'Checks']}
        rows={() =>
          slots
            .filter((slot) => slot.checks > 0)
            .reverse()
            .map((slot) => ({
              at: new Date(slot.from * 1000).toISOString(),
              cells: [
                percent(availability(slot)),
                count(slot.available),
                count(slot.unavailable),
                count(slot.checks),
              ],
            }))
        }
      />
    </>
  );
}
