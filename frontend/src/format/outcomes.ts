// The words for outcomes, fault owners, states and rules, as the API names them.
import type { ModelState, Outcome, Role } from '@/api/types';

export const STATE_LABEL: Record<ModelState, string> = {
  up: 'Up',
  degraded: 'Degraded',
  down: 'Down',
  unknown: 'Unknown',
  paused: 'Paused',
};

/** Worst first. */
export const STATES: readonly ModelState[] = ['down', 'degraded', 'unknown', 'paused', 'up'];

const FAULT_OWNER: Record<string, string> = {
  none: 'nobody',
  provider: 'provider',
  network: 'network',
  account: 'our account',
  monitor: 'our monitor',
};

export const faultOwner = (owner: string): string => FAULT_OWNER[owner] ?? owner;

const UPPER = new Map([
  ['ok', 'OK'],
  ['dns', 'DNS'],
  ['tls', 'TLS'],
]);

/** "timeout_first_token" as "Timeout first token". */
export function outcomeLabel(outcome: string): string {
  const known = UPPER.get(outcome);
  if (known) return known;
  const words = outcome.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const OUTCOMES = [
  'ok',
  'empty',
  'truncated',
  'stalled',
  'invalid_stream',
  'error_in_stream',
  'content_filtered',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_total',
  'dns',
  'tls',
  'refused',
  'disconnected',
  'auth',
  'quota_exhausted',
  'rate_limited',
  'overloaded',
  'server_error',
  'bad_request',
  'unsupported',
  'model_gone',
  'blocked_by_policy',
  'expired',
  'skipped',
  'monitor_error',
  'region_blocked',
  'monitor_offline',
] as const satisfies readonly Outcome[];

export const RULE_TYPES = [
  { value: 'any_model_down', label: 'Any model is down' },
  { value: 'specific_model_down', label: 'One model is down' },
  { value: 'model_unavailable_everywhere', label: 'A model is down at every provider' },
  { value: 'budget_used', label: 'A budget is used up to a point' },
  { value: 'probe_failed', label: 'A probe finds a failure' },
] as const;

export const ruleTypeLabel = (type: string): string =>
  RULE_TYPES.find((rule) => rule.value === type)?.label ?? outcomeLabel(type);

export const ROLES: { value: Role; label: string; may: string }[] = [
  { value: 'viewer', label: 'Viewer', may: 'sees everything, changes nothing' },
  { value: 'operator', label: 'Operator', may: 'runs and configures monitoring' },
  { value: 'admin', label: 'Admin', may: 'also manages accounts and keys' },
];
