// What is typed into the form of a new benchmark, and what of it is sent.
import type { BenchmarkCreate, PromptPack } from '@/api/types';
import { plural } from '@/format/numbers';

export const OWN_PROMPT = 'custom';

export interface Plan {
  name: string;
  modelIds: ReadonlySet<string>;
  pack: string;
  prompt: string;
  maxTokens: string;
  runs: string;
  concurrency: string;
  warmups: string;
  overall: string;
  perProvider: string;
  perModel: string;
}

export const FIRST_PLAN: Plan = {
  name: '',
  modelIds: new Set(),
  pack: 'synthetic_short',
  prompt: '',
  maxTokens: '200',
  runs: '3',
  concurrency: '1',
  warmups: '1',
  overall: '50',
  perProvider: '10',
  perModel: '3',
};

interface Bound {
  field: Exclude<keyof Plan, 'modelIds'>;
  label: string;
  min: number;
  max: number;
  hint?: string;
}

export const BOUNDS: readonly Bound[] = [
  { field: 'runs', label: 'Runs per model', min: 1, max: 1000 },
  { field: 'maxTokens', label: 'Max tokens', min: 1, max: 4096 },
  { field: 'concurrency', label: 'Concurrency', min: 1, max: 256, hint: 'Requests at once per model.' },
  { field: 'warmups', label: 'Warm-up runs', min: 0, max: 20, hint: 'Before the measured ones, not counted.' },
];

export const LIMIT_BOUNDS: readonly Bound[] = [
  { field: 'overall', label: 'At once, overall', min: 1, max: 10_000 },
  { field: 'perProvider', label: 'At once, per provider', min: 1, max: 10_000 },
  { field: 'perModel', label: 'At once, per model', min: 1, max: 10_000 },
];

type Faults = Partial<Record<keyof Plan, string>>;

/** What keeps a plan from being started, per field. */
export function faultsOf(plan: Plan): Faults {
  const faults: Faults = {};
  if (plan.modelIds.size === 0) faults.modelIds = 'Choose at least one model.';
  if (plan.modelIds.size > 100) faults.modelIds = 'A run takes at most 100 models.';
  if (plan.pack === OWN_PROMPT && !plan.prompt.trim()) faults.prompt = 'Write the prompt to send.';
  for (const { field, min, max } of [...BOUNDS, ...LIMIT_BOUNDS]) {
    const value = Number(plan[field]);
    if (plan[field] === '' || !Number.isInteger(value) || value < min || value > max) {
      faults[field] = `A whole number from ${min} to ${max}.`;
    }
  }
  return faults;
}

/** What a run without a name is called: "Synthetic, short: 3 models". */
export const nameFor = ({ modelIds }: Plan, packLabel: string): string =>
  `${packLabel}: ${plural(modelIds.size, 'model')}`;

export function commandOf(plan: Plan, packLabel: string): BenchmarkCreate {
  const own = plan.pack === OWN_PROMPT;
  return {
    model_ids: [...plan.modelIds],
    prompt_pack: plan.pack,
    prompt: own ? plan.prompt : null,
    name: plan.name.trim() || nameFor(plan, packLabel),
    max_tokens: Number(plan.maxTokens),
    num_runs: Number(plan.runs),
    concurrency: Number(plan.concurrency),
    warmup_runs: Number(plan.warmups),
    limits: {
      overall: Number(plan.overall),
      per_provider: Number(plan.perProvider),
      per_model: Number(plan.perModel),
    },
  };
}

/** How many requests a plan makes: measured, and for warming up. */
export function requestsOf(plan: Plan): { measured: number; warmup: number } {
  const models = plan.modelIds.size;
  return { measured: models * Number(plan.runs), warmup: models * Number(plan.warmups) };
}

export const promptOf = (plan: Plan, packs: readonly PromptPack[] | undefined): string =>
  plan.pack === OWN_PROMPT ? plan.prompt : (packs?.find((pack) => pack.id === plan.pack)?.prompt ?? '');
