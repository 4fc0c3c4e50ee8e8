import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { AlertRuleCreate, AlertRuleUpdate, ChannelCreate } from './types';

export const ALERTS_PER_PAGE = 25;

export const alertsQuery = (state: 'open' | 'resolved', page: number) =>
  queryOptions({
    queryKey: ['alerts', 'list', state, page],
    queryFn: () => {
      const query = { state, limit: ALERTS_PER_PAGE, offset: (page - 1) * ALERTS_PER_PAGE };
      return unwrap(api.GET('/api/v1/alerts', { params: { query } }));
    },
    placeholderData: keepPreviousData,
  });

export const recentAlertsQuery = queryOptions({
  queryKey: ['alerts', 'recent'],
  queryFn: () => unwrap(api.GET('/api/v1/alerts/recent', { params: { query: { limit: 10 } } })),
  refetchInterval: 60_000,
});

export const rulesQuery = queryOptions({
  queryKey: ['alert-rules'],
  queryFn: () => unwrap(api.GET('/api/v1/alerts/rules')),
});

export const channelsQuery = queryOptions({
  queryKey: ['alert-channels'],
  queryFn: () => unwrap(api.GET('/api/v1/alerts/channels')),
});

export const acknowledgeAlert = (alert_id: string) =>
  unwrap(api.PATCH('/api/v1/alerts/{alert_id}/acknowledge', { params: { path: { alert_id } } }));

export const createRule = (body: AlertRuleCreate) => unwrap(api.POST('/api/v1/alerts/rules', { body }));

/** `revision` is the one the change was made from: a newer one on the server is a 409. */
export const updateRule = ({
  rule_id,
  revision,
  ...body
}: AlertRuleUpdate & { rule_id: string; revision?: number | undefined }) => {
  const header = revision === undefined ? {} : { 'if-match': `"${revision}"` };
  return unwrap(api.PATCH('/api/v1/alerts/rules/{rule_id}', { params: { path: { rule_id }, header }, body }));
};

export const removeRule = (rule_id: string) =>
  unwrap(api.DELETE('/api/v1/alerts/rules/{rule_id}', { params: { path: { rule_id } } }));

export const createChannel = (body: ChannelCreate) =>
  unwrap(api.POST('/api/v1/alerts/channels', { body }));

export const setChannelEnabled = ({ channel_id, enabled }: { channel_id: string; enabled: boolean }) =>
  unwrap(
    api.PATCH('/api/v1/alerts/channels/{channel_id}', {
      params: { path: { channel_id } },
      body: { enabled },
    }),
  );

export const removeChannel = (channel_id: string) =>
  unwrap(api.DELETE('/api/v1/alerts/channels/{channel_id}', { params: { path: { channel_id } } }));

export const testChannel = (channel_id: string) =>
  unwrap(api.POST('/api/v1/alerts/channels/{channel_id}/test', { params: { path: { channel_id } } }));
