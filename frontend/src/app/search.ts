// Reading what the address says. Anything that does not fit is left out, never an error.
import type { CostsBy, Level, ModelState, Outcome, ProbeKind } from '@/api/types';
import type { Range } from '@/api/monitoring';

export interface OverviewSearch {
  range?: Range;
  state?: ModelState;
  provider?: string;
  q?: string;
}

export interface ModelsSearch {
  q?: string;
  provider?: string;
  watched?: 'yes' | 'no' | 'retired';
  page?: number;
}

/** `from` and `to` (milliseconds) hold a part of the charts that was zoomed into. */
export interface ModelSearch {
  range?: Range;
  from?: number;
  to?: number;
  outcome?: Outcome;
}

export interface ChecksSearch {
  outcome?: Outcome;
  kind?: ProbeKind;
  finding?: Level;
}

export interface CostsSearch {
  by?: CostsBy;
  days?: number;
}

export const ALERT_TABS = ['open', 'past', 'rules', 'channels'] as const;
export type AlertTab = (typeof ALERT_TABS)[number];

export const SETTINGS_TABS = ['display', 'monitoring', 'probes', 'keys', 'accounts'] as const;
export type SettingsTab = (typeof SETTINGS_TABS)[number];

type Search = Record<string, unknown>;

export function text(search: Search, key: string): string | undefined {
  const value = search[key];
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function oneOf<Value extends string>(
  search: Search,
  key: string,
  allowed: readonly Value[],
): Value | undefined {
  return allowed.find((each) => each === search[key]);
}

export function whole(search: Search, key: string): number | undefined {
  const value = Number(search[key]);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

export function flag(search: Search, key: string): true | undefined {
  return search[key] === true || search[key] === 'true' || search[key] === 1 ? true : undefined;
}

/** Only a path of this application: an address from outside must not lead elsewhere. */
export function ownPath(value: string | undefined): string {
  return value !== undefined && /^\/(?![/\\])/.test(value) ? value : '/';
}
