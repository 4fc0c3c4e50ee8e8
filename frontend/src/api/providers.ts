import { queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { ProviderCreate, ProviderUpdate } from './types';

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: () => unwrap(api.GET('/api/v1/providers')),
});

export const providerQuery = (provider_id: string) =>
  queryOptions({
    queryKey: ['providers', provider_id],
    queryFn: () =>
      unwrap(api.GET('/api/v1/providers/{provider_id}', { params: { path: { provider_id } } })),
  });

export const catalogQuery = queryOptions({
  queryKey: ['provider-catalog'],
  queryFn: () => unwrap(api.GET('/api/v1/providers/catalog')),
  staleTime: Infinity,
});

export const offersQuery = queryOptions({
  queryKey: ['provider-offers'],
  queryFn: () => unwrap(api.GET('/api/v1/providers/offers')),
});

export const acceptOffer = (offer_id: string) =>
  unwrap(api.POST('/api/v1/providers/offers/{offer_id}', { params: { path: { offer_id } } }));

export const createProvider = (body: ProviderCreate) => unwrap(api.POST('/api/v1/providers', { body }));

export const testNewProvider = (body: ProviderCreate) =>
  unwrap(api.POST('/api/v1/providers/test-connection', { body }));

export const testProvider = (provider_id: string) =>
  unwrap(api.POST('/api/v1/providers/{provider_id}/test', { params: { path: { provider_id } } }));

export const discoverModels = (provider_id: string) =>
  unwrap(
    api.POST('/api/v1/providers/{provider_id}/refresh-models', { params: { path: { provider_id } } }),
  );

export const updateProvider = ({ provider_id, ...body }: ProviderUpdate & { provider_id: string }) =>
  unwrap(api.PATCH('/api/v1/providers/{provider_id}', { params: { path: { provider_id } }, body }));

export const removeProvider = (provider_id: string) =>
  unwrap(api.DELETE('/api/v1/providers/{provider_id}', { params: { path: { provider_id } } }));
