// The words of an alert. Its message is made for mail and chat, with the time in UTC; on a screen
// the same facts stand apart, in the reader's own zone.
import type { AlertResponse } from '@/api/types';

import { faultOwner, outcomeLabel } from './outcomes';

/** What happened and whose it is: "Server error (provider)"; of budgets and probes, their message. */
export function causeOf({ outcome, fault_owner, message }: AlertResponse): string {
  // No endpoint failed: a budget holds something back, or a probe found a wrong answer.
  if (outcome === 'skipped' || outcome === 'ok') return message;
  return fault_owner === 'none' ? outcomeLabel(outcome) : `${outcomeLabel(outcome)} (${faultOwner(fault_owner)})`;
}

const CLOSED_BECAUSE: Record<string, string> = {
  recovered: 'recovered',
  rule_removed: 'its rule was removed',
  rule_disabled: 'its rule was switched off',
  model_removed: 'the model was removed',
  monitoring_off: 'the model is no longer watched',
  model_retired: 'its provider no longer lists the model',
  budget_removed: 'the budget was removed',
  probe_removed: 'the probe was removed or switched off',
};

export const closedBecause = (reason: string): string => CLOSED_BECAUSE[reason] ?? reason;

/** When what the alert tells of began: earlier than the alert, which waits for more failures. */
export const beganAt = ({ since, created_at }: AlertResponse): string => since ?? created_at;
