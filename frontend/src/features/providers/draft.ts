// What is typed into a provider form, and what of it is sent.
import type { ProviderCreate, ProviderResponse, ProviderSpec, ProviderUpdate } from '@/api/types';

export interface Draft {
  name: string;
  apiKey: string;
  baseUrl: string;
  region: string;
  organizationId: string;
  projectId: string;
  /** By name: what this type needs beside the fields that many have. */
  further: Record<string, string>;
  /** Empty or 0 is no limit. */
  requestsPerMinute: string;
  maxConcurrent: string;
}

export const EMPTY_DRAFT: Draft = {
  name: '',
  apiKey: '',
  baseUrl: '',
  region: '',
  organizationId: '',
  projectId: '',
  further: {},
  requestsPerMinute: '',
  maxConcurrent: '',
};

export interface FieldNeed {
  shown: boolean;
  required: boolean;
}

export interface Needs {
  apiKey: FieldNeed;
  baseUrl: FieldNeed;
  region: FieldNeed;
  organization: FieldNeed;
}

/** Which fields a type of provider needs. A server of one's own may have a key, or not. */
export function needsOf(spec: ProviderSpec): Needs {
  return {
    apiKey: { shown: Boolean(spec.api_key_label), required: spec.requires_api_key },
    baseUrl: { shown: Boolean(spec.base_url_label), required: spec.requires_base_url },
    region: { shown: spec.requires_region, required: spec.requires_region },
    organization: { shown: spec.show_org_fields, required: false },
  };
}

/** Which keys will do, in words; nothing where one kind alone is taken. */
export function keyChoices(spec: ProviderSpec): string | undefined {
  const labels = new Map(spec.further_fields.map(({ name, label }) => [name, label]));
  const choices = spec.key_choices.map((names) => names.map((name) => labels.get(name) ?? name).join(' and '));
  return choices.length > 0 ? choices.join(', or ') : undefined;
}

/** The draft a newly chosen type starts with; a name somebody typed stays. */
export function draftFor(spec: ProviderSpec, before: Draft, previous?: ProviderSpec): Draft {
  const typedName = before.name !== '' && before.name !== previous?.label;
  return {
    ...EMPTY_DRAFT,
    name: typedName ? before.name : spec.label,
    apiKey: before.apiKey,
    baseUrl: spec.default_base_url ?? '',
    region: spec.region_options[0]?.[0] ?? '',
  };
}

interface Around {
  /** A key is stored already. */
  keepsKey?: boolean;
  /** Names of the other providers: alerts and filters tell providers apart by name. */
  taken?: readonly string[];
}

/** What keeps a draft from being sent, per field; empty when it can be. */
export function faultsIn(draft: Draft, spec: ProviderSpec, { keepsKey = false, taken = [] }: Around = {}): Partial<Draft> {
  const needs = needsOf(spec);
  const faults: Partial<Draft> = {};
  const name = draft.name.trim().toLowerCase();
  const baseUrl = draft.baseUrl.trim();
  if (!name) faults.name = 'Give it a name.';
  else if (taken.some((each) => each.toLowerCase() === name)) faults.name = 'Another provider has this name.';
  if (needs.apiKey.required && !keepsKey && !draft.apiKey.trim()) faults.apiKey = 'This type needs a key.';
  if (needs.baseUrl.required && !baseUrl) faults.baseUrl = 'This type needs an address.';
  else if (needs.baseUrl.shown && baseUrl && !isHttpUrl(baseUrl)) faults.baseUrl = 'Begin it with http:// or https://, and a host.';
  if (needs.region.required && !draft.region.trim()) faults.region = 'This type needs a region.';
  const given = (name: string) => Boolean(draft.further[name]?.trim());
  const missing = spec.further_fields.filter((field) => field.required && !given(field.name));
  if (!isLimit(draft.requestsPerMinute, 100_000)) faults.requestsPerMinute = 'A whole number, at most 100,000.';
  if (!isLimit(draft.maxConcurrent, 10_000)) faults.maxConcurrent = 'A whole number, at most 10,000.';
  const further = Object.fromEntries(missing.map(({ name: field }) => [field, 'This type needs it.']));
  const [first] = spec.key_choices;
  if (first?.[0] && !keepsKey && !spec.key_choices.some((names) => names.every(given))) {
    further[first[0]] = `This type needs ${keyChoices(spec)}.`;
  }
  if (Object.keys(further).length > 0) faults.further = further;
  return faults;
}

const isLimit = (text: string, most: number) => /^\d*$/.test(text.trim()) && Number(text) <= most;

const isHttpUrl = (text: string) => /^https?:\/\/./i.test(text) && URL.canParse(text);

function credentialsOf(draft: Draft, spec: ProviderSpec): Record<string, string> {
  const needs = needsOf(spec);
  const entries: [string, string, boolean][] = [
    ['api_key', draft.apiKey, needs.apiKey.shown],
    ['base_url', draft.baseUrl, needs.baseUrl.shown],
    ['region', draft.region, needs.region.shown],
    ['organization_id', draft.organizationId, needs.organization.shown],
    ['project_id', draft.projectId, needs.organization.shown],
    ...spec.further_fields.map(
      ({ name }): [string, string, boolean] => [name, draft.further[name] ?? '', true],
    ),
  ];
  const filled = entries.filter(([, value, shown]) => shown && value.trim() !== '');
  return Object.fromEntries(filled.map(([key, value]) => [key, value.trim()]));
}

export function createCommand(draft: Draft, spec: ProviderSpec): ProviderCreate {
  return {
    provider_type: spec.id,
    display_name: draft.name.trim(),
    credentials: credentialsOf(draft, spec),
    enabled: true,
    discover: true,
    monitor_discovered: false,
    requests_per_minute: Number(draft.requestsPerMinute),
    max_concurrent: Number(draft.maxConcurrent),
  };
}

export function draftOf(provider: ProviderResponse): Draft {
  return {
    name: provider.display_name,
    apiKey: '',
    baseUrl: provider.base_url ?? '',
    region: provider.region ?? '',
    organizationId: provider.settings.organization_id ?? '',
    projectId: provider.settings.project_id ?? '',
    further: provider.settings,
    requestsPerMinute: limitText(provider.requests_per_minute),
    maxConcurrent: limitText(provider.max_concurrent),
  };
}

const limitText = (limit: number) => (limit === 0 ? '' : String(limit));

const changedLimit = (name: 'requests_per_minute' | 'max_concurrent', before: string, after: string) =>
  Number(before) === Number(after) ? {} : { [name]: Number(after) };

/**
 * Only what changed, key by key: the server merges it, so a field nobody touched cannot be lost.
 * An empty key field means "keep"; any other emptied field is removed (null).
 */
export function updateCommand(before: Draft, after: Draft): ProviderUpdate {
  const keys = [
    ['base_url', 'baseUrl'],
    ['region', 'region'],
    ['organization_id', 'organizationId'],
    ['project_id', 'projectId'],
  ] as const;
  const credentials: Record<string, string | null> = {};
  if (after.apiKey.trim() !== '') credentials.api_key = after.apiKey.trim();
  for (const [key, field] of keys) {
    const value = after[field].trim();
    if (value !== before[field].trim()) credentials[key] = value === '' ? null : value;
  }
  for (const [key, typed] of Object.entries(after.further)) {
    const value = typed.trim();
    if (value !== (before.further[key] ?? '').trim()) credentials[key] = value === '' ? null : value;
  }
  return {
    ...(after.name.trim() === before.name.trim() ? {} : { display_name: after.name.trim() }),
    ...(Object.keys(credentials).length > 0 ? { credentials } : {}),
    ...changedLimit('requests_per_minute', before.requestsPerMinute, after.requestsPerMinute),
    ...changedLimit('max_concurrent', before.maxConcurrent, after.maxConcurrent),
  };
}
