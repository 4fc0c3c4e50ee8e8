import uPlot from 'uplot';

import { timeLabels } from './timeAxis';

/** A custom property of the palette, such as "--series-1". */
type PaletteColour = `--${string}`;

export interface Line {
  label: string;
  colour: PaletteColour;
  kind?: 'line' | 'dashed' | 'bars';
  /** Drawn and named, but not read out. */
  silent?: boolean;
}

export interface ChartLook {
  lines: readonly Line[];
  /** Fill between two lines (numbers of `lines`), upper first. */
  band?: readonly [number, number];
  format: (value: number) => string;
  /** As `format`, for the round numbers of the value axis. */
  tick: (value: number) => string;
  /** A fixed top of the value axis. */
  top?: number;
}

export interface ChartEvents {
  window: () => [number, number];
  onCursor: (index: number | undefined) => void;
  onZoom: (fromS: number, toS: number) => void;
}

/** Canvas needs plain colours: let the browser work out what a palette entry is right now. */
function painter(host: HTMLElement): (colour: PaletteColour, alpha?: number) => string {
  return (colour, alpha = 1) => {
    host.style.color = `color-mix(in srgb, var(${colour}) ${alpha * 100}%, transparent)`;
    const resolved = getComputedStyle(host).color;
    host.style.color = '';
    return resolved;
  };
}

function seriesOf(line: Line, paint: ReturnType<typeof painter>): uPlot.Series {
  const stroke = paint(line.colour);
  if (line.kind === 'bars') {
    return {
      label: line.label,
      fill: stroke,
      width: 0,
      points: { show: false },
      ...(uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.82, 40], align: 0 }) } : {}),
    };
  }
  return {
    label: line.label,
    stroke,
    width: line.kind === 'dashed' ? 1 : 1.75,
    ...(line.kind === 'dashed' ? { dash: [4, 3] } : {}),
    points: { size: 5, fill: stroke, stroke, filter: standingAlone },
  };
}

/** Where there is no room for every point, those stay that no line leads to or from. */
function standingAlone(chart: uPlot, seriesIndex: number, roomForAll: boolean): number[] | null {
  if (roomForAll) return null;
  const values = chart.data[seriesIndex] ?? [];
  return Array.from(values.keys()).filter(
    (index) => values[index] != null && values[index - 1] == null && values[index + 1] == null,
  );
}

export function chartOptions(
  host: HTMLElement,
  zone: string,
  look: ChartLook,
  events: ChartEvents,
): uPlot.Options {
  const paint = painter(host);
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = {
    stroke: paint('--ink-3'),
    font,
    ticks: { show: false },
    grid: { stroke: paint('--line'), width: 1 },
  };
  const labels = timeLabels(zone);
  const [upper, lower] = look.band ?? [];
  const bandLine = upper === undefined ? undefined : look.lines[upper];
  return {
    width: Math.max(host.clientWidth, 120),
    height: host.clientHeight,
    padding: [10, 26, 0, 0],
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), zone),
    legend: { show: false },
    cursor: {
      sync: { key: 'model' },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => events.window() },
      y: { range: (_chart, _min, max) => [0, look.top ?? (max > 0 ? max * 1.12 : 1)] },
    },
    axes: [
      { ...axis, size: 40, grid: { show: false }, values: (_chart, splits, _axis, _space, step) => labels(splits, step) },
      { ...axis, size: 62, values: (_chart, splits) => splits.map((value) => look.tick(value)) },
    ],
    series: [{}, ...look.lines.map((line) => seriesOf(line, paint))],
    ...(upper !== undefined && lower !== undefined && bandLine
      ? { bands: [{ series: [upper + 1, lower + 1], fill: paint(bandLine.colour, 0.14) }] }
      : {}),
    hooks: {
      setCursor: [(chart) => events.onCursor(chart.cursor.idx ?? undefined)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < 6) return;
          events.onZoom(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'));
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}
