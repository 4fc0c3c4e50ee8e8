import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type {
  Level,
  ModelCreate,
  ModelResponse,
  ModelUpdate,
  Outcome,
  ProbeKind,
} from './types';

export interface ModelFilter {
  provider_id?: string;
  enabled_for_monitoring?: boolean;
  enabled_for_benchmark?: boolean;
  retired?: boolean;
  search?: string;
  limit: number;
  offset: number;
}

export const modelsQuery = (query: ModelFilter) =>
  queryOptions({
    queryKey: ['models', 'list', query],
    queryFn: () => unwrap(api.GET('/api/v1/models', { params: { query } })),
    placeholderData: keepPreviousData,
  });

/** Every model there is, fetched 500 at a time: for pickers, which must not drop any. */
export const allModelsQuery = (filter: Omit<ModelFilter, 'limit' | 'offset'> = {}) =>
  queryOptions({
    queryKey: ['models', 'all', filter],
    queryFn: async () => {
      const items: ModelResponse[] = [];
      for (;;) {
        const query = { ...filter, limit: 500, offset: items.length };
        const page = await unwrap(api.GET('/api/v1/models', { params: { query } }));
        items.push(...page.items);
        if (!page.has_more || page.items.length === 0) return items;
      }
    },
  });

export const modelQuery = (model_id: string) =>
  queryOptions({
    queryKey: ['models', 'one', model_id],
    queryFn: () => unwrap(api.GET('/api/v1/models/{model_id}', { params: { path: { model_id } } })),
  });

export interface SeriesWindow {
  start: string;
  end: string;
  buckets: number;
}

export const seriesQuery = (model_id: string, query: SeriesWindow) =>
  queryOptions({
    queryKey: ['series', model_id, query],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/models/{model_id}/series', { params: { path: { model_id }, query } }),
      ),
    placeholderData: keepPreviousData,
  });

export interface CheckFilter {
  model_id?: string;
  outcome?: Outcome;
  kind?: ProbeKind;
  /** The least level that one of its findings has. */
  finding?: Level;
}

export const checksQuery = (filter: CheckFilter, limit: number) =>
  infiniteQueryOptions({
    queryKey: ['checks', filter, limit],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/v1/checks', { params: { query: { ...filter, limit, cursor: pageParam } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const createModel = (body: ModelCreate) => unwrap(api.POST('/api/v1/models', { body }));

export const updateModel = ({ model_id, ...body }: ModelUpdate & { model_id: string }) =>
  unwrap(api.PATCH('/api/v1/models/{model_id}', { params: { path: { model_id } }, body }));

export const removeModel = (model_id: string) =>
  unwrap(api.DELETE('/api/v1/models/{model_id}', { params: { path: { model_id } } }));

export const checkModelNow = (model_id: string) =>
  unwrap(api.POST('/api/v1/models/{model_id}/check', { params: { path: { model_id } } }));
