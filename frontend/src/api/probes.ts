import { queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { ProbeCreate, ProbeUpdate } from './types';

export const probesQuery = queryOptions({
  queryKey: ['probes'],
  queryFn: () => unwrap(api.GET('/api/v1/probes')),
});

export const createProbe = (body: ProbeCreate) => unwrap(api.POST('/api/v1/probes', { body }));

/** `revision` is the one the change was made from: a newer one on the server is a 409. */
export const updateProbe = ({
  probe_id,
  revision,
  ...body
}: ProbeUpdate & { probe_id: string; revision: number }) => {
  const header = { 'if-match': `"${revision}"` };
  return unwrap(api.PATCH('/api/v1/probes/{probe_id}', { params: { path: { probe_id }, header }, body }));
};

export const removeProbe = (probe_id: string) =>
  unwrap(api.DELETE('/api/v1/probes/{probe_id}', { params: { path: { probe_id } } }));
