import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { BenchmarkCreate } from './types';

export const RUNS_PER_PAGE = 20;

export const benchmarksQuery = (page: number) =>
  queryOptions({
    queryKey: ['benchmarks', 'list', page],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/benchmarks', { params: { query: { page, per_page: RUNS_PER_PAGE } } }),
      ),
    placeholderData: keepPreviousData,
  });

export const benchmarkQuery = (run_id: string) =>
  queryOptions({
    queryKey: ['benchmarks', 'one', run_id],
    queryFn: () => unwrap(api.GET('/api/v1/benchmarks/{run_id}', { params: { path: { run_id } } })),
  });

export const startBenchmark = (body: BenchmarkCreate) => unwrap(api.POST('/api/v1/benchmarks', { body }));

export const cancelBenchmark = (run_id: string) =>
  unwrap(api.POST('/api/v1/benchmarks/{run_id}/cancel', { params: { path: { run_id } } }));

export const removeBenchmark = (run_id: string) =>
  unwrap(api.DELETE('/api/v1/benchmarks/{run_id}', { params: { path: { run_id } } }));

export const benchmarkExportUrl = (run_id: string, format: 'json' | 'csv'): string =>
  `/api/v1/benchmarks/${encodeURIComponent(run_id)}/export?format=${format}`;

const ENDED = new Set(['completed', 'failed', 'cancelled']);

export const hasEnded = (status: string): boolean => ENDED.has(status);
