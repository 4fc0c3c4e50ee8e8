import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import uPlot from 'uplot';

import { subscribeTheme } from '@/app/theme';
import { dateMinute } from '@/format/time';
import { useZone } from '@/format/zone';

import { chartOptions, type ChartLook, type Line } from './chartOptions';
import type { Column } from './frame';

interface TimeChartProps {
  label: string;
  look: ChartLook;
  times: number[];
  columns: Column[];
  /** The stretch of time the axis shows, in seconds, whether or not there is data. */
  window: [number, number];
  onZoom: (fromS: number, toS: number) => void;
}

const isDark = () => getComputedStyle(document.documentElement).colorScheme === 'dark' ||
  (document.documentElement.dataset.theme !== 'light' &&
    window.matchMedia('(prefers-color-scheme: dark)').matches);

/** A chart over true time. Dragging across it zooms; the numbers under the pointer stand above it. */
export function TimeChart({ label, look, times, columns, window: shown, onZoom }: TimeChartProps) {
  const zone = useZone();
  const dark = useSyncExternalStore(subscribeTheme, isDark);
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const latest = useRef({ times, columns, shown, onZoom });
  const [cursor, setCursor] = useState<number>();

  useEffect(() => {
    latest.current = { times, columns, shown, onZoom };
    chart.current?.setData([times, ...columns]);
  }, [times, columns, shown, onZoom]);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const options = chartOptions(element, zone, look, {
      window: () => latest.current.shown,
      onCursor: setCursor,
      onZoom: (from, to) => latest.current.onZoom(from, to),
    });
    const plot = new uPlot(options, [latest.current.times, ...latest.current.columns], element);
    chart.current = plot;
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [zone, look, dark]);

  const at = cursor === undefined ? undefined : times[cursor];
  const index = at === undefined ? lastFilled(columns) : cursor;
  return (
    <div>
      <div className="flex min-h-5 flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-2.5 text-xs text-ink-2">
        {look.lines.map((line, number) => (
          <span key={line.label} className="inline-flex items-center gap-1.5">
            <Swatch line={line} />
            {line.label}
            {line.silent !== true && (
              <span className="min-w-14 font-medium text-ink">{reading(columns[number], index, look)}</span>
            )}
          </span>
        ))}
        <span className="ml-auto text-ink-3">
          {at === undefined ? 'latest' : dateMinute(new Date(at * 1000), zone)}
        </span>
      </div>
      <div className="relative">
        <div ref={host} role="img" aria-label={label} className="h-48 w-full touch-pan-y overflow-hidden px-1" />
        {lastFilled(columns) === undefined && (
          <p className="absolute inset-0 flex items-center justify-center bg-surface text-[0.8125rem] text-ink-3">
            Nothing was measured in this time.
          </p>
        )}
      </div>
    </div>
  );
}

/** How a line looks: full, dashed, or a column. */
function Swatch({ line: { colour, kind } }: { line: Line }) {
  const shape = kind === 'bars' ? 'size-2.5 rounded-sm bg-current' : 'w-3.5 border-t-2';
  return (
    <span
      aria-hidden
      className={`${shape} ${kind === 'dashed' ? 'border-dashed' : ''}`}
      style={{ color: `var(${colour})` }}
    />
  );
}

function reading(column: Column | undefined, index: number | undefined, look: ChartLook): string {
  const value = index === undefined ? null : (column?.[index] ?? null);
  return value === null ? '–' : look.format(value);
}

/** The newest row in which any line has a value. */
function lastFilled(columns: Column[]): number | undefined {
  const length = columns[0]?.length ?? 0;
  for (let index = length - 1; index >= 0; index -= 1) {
    if (columns.some((column) => column[index] != null)) return index;
  }
  return undefined;
}
