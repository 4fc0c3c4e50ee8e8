import type { ModelStatistics, Quantiles } from '@/api/types';
import { Panel } from '@/components/Panel';
import { TableScroll } from '@/components/TableScroll';
import { milliseconds, plural, speed } from '@/format/numbers';

import { enoughFor } from './enoughFor';

interface Measure {
  key: 'ttft_ms' | 'tokens_per_s' | 'total_ms';
  title: string;
  note: string;
  format: (value: number | null | undefined) => string;
  colour: string;
}

const MEASURES: readonly Measure[] = [
  { key: 'ttft_ms', title: 'Time to first token', note: 'less is better', format: milliseconds, colour: 'bg-series-1' },
  { key: 'tokens_per_s', title: 'Tokens per second', note: 'more is better', format: speed, colour: 'bg-series-2' },
  { key: 'total_ms', title: 'End to end', note: 'less is better', format: milliseconds, colour: 'bg-series-3' },
];

/** The models of one run side by side, each measure on one common scale. */
export function Comparison({ models }: { models: readonly ModelStatistics[] }) {
  if (models.length === 0) return null;
  return (
    <Panel
      title="Results per model"
      description={
        <>
          p50, p95 and p99 towards the worse end. n: answered, and timed while our own clock kept up. Fainter:
          too few for that quantile. Models are never pooled.
        </>
      }
    >
      <div className="divide-y divide-line">
        {MEASURES.map((measure) => (
          <MeasureTable key={measure.key} measure={measure} models={models} />
        ))}
      </div>
    </Panel>
  );
}

interface MeasureTableProps {
  measure: Measure;
  models: readonly ModelStatistics[];
}

function MeasureTable({ measure, models }: MeasureTableProps) {
  const quantiles = models.map((model) => model[measure.key]);
  const most = Math.max(...quantiles.flatMap((q) => [q.p50 ?? 0, q.p95 ?? 0, q.p99 ?? 0]));
  return (
    <TableScroll label={measure.title}>
      <table className="table-quiet sm:table-fixed">
        <caption className="px-4 pt-3 pb-1 text-left text-[0.8125rem] font-medium">
          {measure.title} <span className="font-normal text-ink-3">· {measure.note}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col" className="sm:w-1/4">
              Model
            </th>
            <th scope="col" className="w-1/3 max-sm:hidden">
              p50 to p99
            </th>
            <th scope="col" className="num">
              p50
            </th>
            <th scope="col" className="num">
              p95
            </th>
            <th scope="col" className="num">
              p99
            </th>
            <th scope="col" className="num">
              n
            </th>
            <th scope="col" className="num max-sm:hidden">
              Failed
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => {
            const q = model[measure.key];
            return (
              <tr key={model.model_id}>
                <th scope="row" className="max-w-20 truncate sm:max-w-56 font-medium! text-ink!" title={model.provider_name}>
                  {model.model_name}
                  <span className="block truncate text-xs font-normal text-ink-3">{model.provider_name}</span>
                </th>
                <td className="max-sm:hidden">
                  <SpanBar quantiles={q} most={most} colour={measure.colour} />
                </td>
                <td className="num font-medium">{measure.format(q.p50)}</td>
                <QuantileCell text={measure.format(q.p95)} n={q.n} quantile={0.95} />
                <QuantileCell text={measure.format(q.p99)} n={q.n} quantile={0.99} />
                <td className="num text-ink-2">
                  {q.n}
                  <span className="text-ink-3"> of {model.requests}</span>
                </td>
                <td className={`num max-sm:hidden ${model.failed > 0 ? 'text-down' : 'text-ink-3'}`}>
                  {model.failed}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableScroll>
  );
}

interface QuantileCellProps {
  text: string;
  n: number;
  quantile: number;
}

function QuantileCell({ text, n, quantile }: QuantileCellProps) {
  if (n === 0 || enoughFor(quantile, n)) return <td className="num">{text}</td>;
  return (
    <td className="num text-ink-3" title={`Only ${plural(n, 'value')}: little more than the worst of them`}>
      {text}
    </td>
  );
}

interface SpanBarProps {
  quantiles: Quantiles;
  most: number;
  colour: string;
}

/** From p50 to p99 on the common scale, with a tick at p50. */
function SpanBar({ quantiles: { p50, p99 }, most, colour }: SpanBarProps) {
  if (p50 == null || p99 == null || most <= 0) return <span className="text-xs text-ink-3">nothing to be relied on yet</span>;
  const [from, to] = [Math.min(p50, p99) / most, Math.max(p50, p99) / most];
  return (
    <div aria-hidden className="relative h-3 rounded-sm bg-raised">
      <span
        className={`absolute inset-y-1 rounded-sm opacity-40 ${colour}`}
        style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
      />
      <span
        className={`absolute inset-y-0 w-1 -translate-x-1/2 rounded-sm ${colour}`}
        style={{ left: `${(p50 / most) * 100}%` }}
      />
    </div>
  );
}
