// What was spent, in words: what nobody knows the price of is never called 0.
import type { BudgetResponse, Cost, CostLine } from '@/api/types';
import { dollars, NOT_KNOWN } from '@/format/numbers';

/** Of a sum: "$1.20", or that all of it is unpriced. */
export const spent = (usd: number | null | undefined): string => (usd == null ? 'unpriced' : dollars(usd));

/** Of one check: "$0.00021", "no known price", "tokens not told", or that it was never sent. */
export function costOfCheck(cost: Cost | null | undefined): string {
  if (!cost) return NOT_KNOWN;
  if (cost.usd != null) return dollars(cost.usd);
  return cost.unpriced === 'no_usage' ? 'tokens not told' : 'no known price';
}

/** Whose bill a line is. */
export function lineName(line: CostLine): string {
  if (line.day) return line.day.slice(0, 10);
  if (line.model_name) return line.model_name;
  if (line.model_id) return 'a removed model';
  return line.provider_name ?? 'removed models';
}

/** The share of a budget that is used, from 0 to 1. */
export const usedRatio = (budget: BudgetResponse): number => Math.min(1, budget.used_usd / budget.usd_per_day);
