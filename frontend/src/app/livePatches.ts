// What one more check changes of what was already fetched: pure, so that it can be tested.
import type { InfiniteData } from '@tanstack/react-query';

import type { CheckFilter } from '@/api/models';
import type { CheckPage, CheckResponse, Level, ModelCard, ModelState, SparkSlot } from '@/api/types';
import { slotBounds } from '@/charts/slots';

export type CheckPages = InfiniteData<CheckPage, string | undefined>;

/** Longer lists are fetched anew rather than grown. */
const LONGEST_PAGE = 400;

/** Whether the server may see another state after this check: only a verdict that disagrees can. */
export function mayChangeState(state: ModelState, { usable, kind }: CheckResponse): boolean {
  if (usable == null || kind !== 'liveness') return false;
  return usable ? state !== 'up' : state !== 'down';
}

/**
 * A card as it stands after one more check; what only the server can know is left as it was. Probes
 * of other kinds tell nothing of it.
 */
export function withCheck(card: ModelCard, check: CheckResponse): ModelCard {
  if (check.kind !== 'liveness') return card;
  if (card.last_check_at && Date.parse(card.last_check_at) >= Date.parse(check.completed_at)) return card;
  const { measurement } = check;
  return {
    ...card,
    last_check_at: check.completed_at,
    last_outcome: measurement.outcome,
    last_says: check.says,
    last_fault_owner: measurement.fault_owner,
    last_ttft_ms: measurement.timing.first_token_ms ?? null,
    last_tokens_per_s: measurement.tokens_per_s ?? null,
    checks: card.checks + 1,
    slots: withSlot(card.slots, check),
  };
}

/** The slot of the check's time counts its verdict; a time without a slot waits for the server. */
function withSlot(slots: SparkSlot[], { completed_at, usable }: CheckResponse): SparkSlot[] {
  if (usable == null) return slots;
  const at = Date.parse(completed_at);
  const index = slots.findLastIndex((slot) => Date.parse(slot.at) <= at);
  const slot = slots[index];
  if (!slot || at >= slotBounds(slots, index)[1]) return slots;
  const failed = slot.failed + (usable ? 0 : 1);
  return slots.with(index, { ...slot, checks: slot.checks + 1, failed });
}

/**
 * A list with one more check at its head: the same list where the check does not belong, and
 * undefined where it has to be fetched anew.
 */
export function withNewest(
  list: CheckPages,
  filter: CheckFilter,
  check: CheckResponse,
): CheckPages | undefined {
  if (filter.model_id !== undefined && filter.model_id !== check.model_id) return list;
  if (filter.outcome !== undefined && filter.outcome !== check.measurement.outcome) return list;
  if (filter.kind !== undefined && filter.kind !== check.kind) return list;
  if (filter.finding !== undefined && !hasFinding(check, filter.finding)) return list;
  const [first, ...rest] = list.pages;
  if (!first || first.items.length >= LONGEST_PAGE) return undefined;
  if (first.items.some((item) => item.id === check.id)) return list;
  const completed = Date.parse(check.completed_at);
  const place = first.items.findIndex((item) => Date.parse(item.completed_at) <= completed);
  const items = first.items.toSpliced(place === -1 ? first.items.length : place, 0, check);
  return { ...list, pages: [{ ...first, items }, ...rest] };
}

/** Whether its probe found something, at this level or above it. */
const hasFinding = (check: CheckResponse, level: Level): boolean =>
  check.measurement.findings.some((each) => each.level === 'fail' || level === 'warn');
