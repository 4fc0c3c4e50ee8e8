import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { MonitoringConfigUpdate } from './types';

export const RANGES = ['1h', '6h', '24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

export const RANGE_SECONDS: Record<Range, number> = {
  '1h': 3_600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
};

export const overviewQuery = (range: Range) =>
  queryOptions({
    queryKey: ['overview', range],
    queryFn: () => unwrap(api.GET('/api/v1/overview', { params: { query: { range } } })),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });

export const monitoringConfigQuery = queryOptions({
  queryKey: ['monitoring-config'],
  queryFn: () => unwrap(api.GET('/api/v1/monitoring/config')),
});

export const promptPacksQuery = queryOptions({
  queryKey: ['prompt-packs'],
  queryFn: () => unwrap(api.GET('/api/v1/monitoring/prompt-packs')),
  staleTime: Infinity,
});

export const updateMonitoringConfig = (body: MonitoringConfigUpdate) =>
  unwrap(api.PATCH('/api/v1/monitoring/config', { body }));

/** Ask every monitored model once, now. */
export const runAllNow = () => unwrap(api.POST('/api/v1/monitoring/run', { body: {} }));

export const monitoringRunQuery = (run_id: string) =>
  queryOptions({
    queryKey: ['monitoring-run', run_id],
    queryFn: () =>
      unwrap(api.GET('/api/v1/monitoring/runs/{run_id}', { params: { path: { run_id } } })),
  });

export const historyExportUrl = (format: 'json' | 'csv', model_id?: string): string => {
  const query = new URLSearchParams({ format, ...(model_id ? { model_id } : {}) });
  return `/api/v1/monitoring/uptime/export?${query.toString()}`;
};
