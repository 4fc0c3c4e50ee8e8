import { queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { BudgetCreate, BudgetUpdate, CostsBy } from './types';

export const costsQuery = (by: CostsBy, days: number) =>
  queryOptions({
    queryKey: ['costs', by, days],
    queryFn: () => unwrap(api.GET('/api/v1/costs', { params: { query: { by, days } } })),
    refetchInterval: 60_000,
  });

export const budgetsQuery = queryOptions({
  queryKey: ['budgets'],
  queryFn: () => unwrap(api.GET('/api/v1/budgets')),
  refetchInterval: 60_000,
});

export const createBudget = (body: BudgetCreate) => unwrap(api.POST('/api/v1/budgets', { body }));

/** `revision` is the one the change was made from: a newer one on the server is a 409. */
export const updateBudget = ({
  budget_id,
  revision,
  ...body
}: BudgetUpdate & { budget_id: string; revision: number }) => {
  const header = { 'if-match': `"${revision}"` };
  return unwrap(api.PATCH('/api/v1/budgets/{budget_id}', { params: { path: { budget_id }, header }, body }));
};

export const removeBudget = (budget_id: string) =>
  unwrap(api.DELETE('/api/v1/budgets/{budget_id}', { params: { path: { budget_id } } }));
