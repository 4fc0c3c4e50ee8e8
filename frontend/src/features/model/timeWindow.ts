// Which stretch of time the charts show.
import { type Range, RANGE_SECONDS } from '@/api/monitoring';
import type { ModelSearch } from '@/app/search';
import { bucketCount } from '@/charts/frame';

export interface TimeWindow {
  start: number;
  end: number;
  buckets: number;
}

/** An end that moves on only bucket by bucket, so that the same question is asked again. */
const roundUp = (second: number, step: number) => Math.ceil(second / step) * step;

/** The zoomed window of the address, or the range up to now; all in seconds. */
export function timeWindow(search: ModelSearch, intervalS: number, nowMs: number): TimeWindow {
  if (search.from !== undefined && search.to !== undefined && search.to > search.from) {
    const [start, end] = [Math.floor(search.from / 1000), Math.ceil(search.to / 1000)];
    return { start, end, buckets: bucketCount(end - start, intervalS) };
  }
  const range: Range = search.range ?? '24h';
  const span = RANGE_SECONDS[range];
  const buckets = bucketCount(span, intervalS);
  const end = roundUp(nowMs / 1000, Math.max(10, Math.round(span / buckets)));
  return { start: end - span, end, buckets };
}
