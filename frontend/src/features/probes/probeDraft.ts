// A probe as it is typed.
import type { Probe, ProbeCreate, ProbeKind, ProbeUpdate } from '@/api/types';

export interface ProbeDraft {
  name: string;
  kind: ProbeKind;
  /** "", "provider:<id>" or "model:<id>". */
  scope: string;
  timing: 'interval' | 'cron';
  interval: string;
  cron: string;
  prompt: string;
  /** Empty where the kind's own holds, as with the next one. */
  maxTokens: string;
  contextWords: string;
  /** JSON; empty where the kind's own is sent. */
  schema: string;
  /** A list of assertions, as JSON. */
  assertions: string;
  level: 'warn' | 'fail';
}

export const FIRST_PROBE: ProbeDraft = {
  name: '',
  kind: 'canary',
  scope: '',
  timing: 'interval',
  interval: '900',
  cron: '',
  prompt: '',
  maxTokens: '',
  contextWords: '',
  schema: '',
  assertions: '',
  level: 'fail',
};

const asJson = (value: unknown): string => JSON.stringify(value, null, 2);

export const draftOfProbe = (probe: Probe): ProbeDraft => ({
  name: probe.name,
  kind: probe.kind,
  scope: '',
  timing: probe.cron ? 'cron' : 'interval',
  interval: probe.interval_s?.toString() ?? FIRST_PROBE.interval,
  cron: probe.cron ?? '',
  prompt: probe.prompt ?? '',
  maxTokens: probe.max_tokens?.toString() ?? '',
  contextWords: probe.context_words?.toString() ?? '',
  schema: probe.answer_schema ? asJson(probe.answer_schema) : '',
  assertions: probe.assertions.length ? asJson(probe.assertions) : '',
  level: probe.finding_level,
});

export type ProbeFaults = Partial<Record<keyof ProbeDraft, string | undefined>>;

/** What is wrong with what was typed; the server looks at the rest. */
export function probeFaults(draft: ProbeDraft): ProbeFaults {
  const faults: ProbeFaults = {};
  if (!draft.name.trim()) faults.name = 'Give it a name.';
  if (draft.timing === 'interval' && !(Number(draft.interval) >= 10)) faults.interval = '10 seconds at least.';
  if (draft.timing === 'cron' && draft.cron.trim().split(/\s+/).length !== 5)
    faults.cron = 'Five fields: minute hour day month weekday.';
  if (!isAmount(draft.maxTokens)) faults.maxTokens = 'A whole number, 1 at least.';
  if (draft.kind === 'long_context' && !isAmount(draft.contextWords)) faults.contextWords = 'A whole number, 1 at least.';
  if (draft.schema && !isPlainObject(parsed(draft.schema))) faults.schema = 'This is no JSON object.';
  if (draft.assertions && !Array.isArray(parsed(draft.assertions)))
    faults.assertions = 'This is no JSON list.';
  return faults;
}

const isAmount = (text: string): boolean => text.trim() === '' || /^[1-9]\d*$/.test(text.trim());

const amount = (text: string): number | null => (text.trim() === '' ? null : Number(text));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isPlainObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const timing = (draft: ProbeDraft) =>
  draft.timing === 'cron' ? { cron: draft.cron.trim() } : { interval_s: Number(draft.interval) };

const common = (draft: ProbeDraft) => ({
  name: draft.name.trim(),
  ...timing(draft),
  prompt: draft.kind === 'long_context' ? null : draft.prompt.trim() || null,
  max_tokens: draft.kind === 'embedding' ? null : amount(draft.maxTokens),
  context_words: draft.kind === 'long_context' ? amount(draft.contextWords) : null,
  answer_schema:
    draft.kind === 'json_schema' && draft.schema
      ? (JSON.parse(draft.schema) as ProbeCreate['answer_schema'])
      : null,
  assertions: draft.assertions ? (JSON.parse(draft.assertions) as ProbeCreate['assertions']) : [],
  finding_level: draft.level,
});

export function probeCommand(draft: ProbeDraft): ProbeCreate {
  const [scope, id] = draft.scope.split(':');
  return {
    ...common(draft),
    kind: draft.kind,
    enabled: true,
    provider_id: scope === 'provider' ? id : null,
    model_id: scope === 'model' ? id : null,
  };
}

export const probeChange = (draft: ProbeDraft): ProbeUpdate => common(draft);
