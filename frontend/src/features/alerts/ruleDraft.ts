// What is typed into the rule editor, and what of it is sent.
import type { AlertRuleCreate, AlertRuleResponse, AlertRuleUpdate, ModelResponse } from '@/api/types';

export interface RuleDraft {
  name: string;
  type: AlertRuleCreate['rule_type'];
  modelId: string;
  modelName: string;
  /** Empty: any budget. */
  budgetId: string;
  /** Empty: any probe. */
  probeId: string;
  percent: string;
  severity: AlertRuleCreate['severity'];
  failures: string;
  successes: string;
  inApp: boolean;
  channelIds: readonly string[];
}

export const FIRST_RULE: RuleDraft = {
  name: '',
  type: 'any_model_down',
  modelId: '',
  modelName: '',
  budgetId: '',
  probeId: '',
  percent: '80',
  severity: 'critical',
  failures: '2',
  successes: '2',
  inApp: true,
  channelIds: [],
};

export const draftOfRule = (rule: AlertRuleResponse): RuleDraft => ({
  name: rule.name,
  type: rule.rule_type as RuleDraft['type'],
  modelId: rule.target_model_id ?? '',
  modelName: rule.target_model_name ?? '',
  budgetId: rule.target_budget_id ?? '',
  probeId: rule.target_probe_id ?? '',
  percent: String(rule.threshold_percent ?? 80),
  severity: rule.severity,
  failures: String(rule.failures_to_raise),
  successes: String(rule.successes_to_resolve),
  inApp: rule.notify_in_app,
  channelIds: rule.channel_ids,
});

type RuleFaults = Partial<Record<keyof RuleDraft, string>>;

export function ruleFaults(draft: RuleDraft): RuleFaults {
  const faults: RuleFaults = {};
  if (!draft.name.trim()) faults.name = 'Give it a name.';
  if (draft.type === 'specific_model_down' && !draft.modelId) faults.modelId = 'Choose a model.';
  if (draft.type === 'model_unavailable_everywhere' && !draft.modelName) faults.modelName = 'Choose a model name.';
  if (!isCount(draft.failures)) faults.failures = 'A whole number from 1 to 100.';
  if (!isCount(draft.successes)) faults.successes = 'A whole number from 1 to 100.';
  return faults;
}

const isCount = (text: string) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 100;

const threshold = (draft: RuleDraft) => (draft.type === 'budget_used' ? Number(draft.percent) : null);

const common = (draft: RuleDraft) => ({
  name: draft.name.trim(),
  severity: draft.severity,
  failures_to_raise: Number(draft.failures),
  successes_to_resolve: Number(draft.successes),
  notify_in_app: draft.inApp,
  channel_ids: [...draft.channelIds],
});

export const ruleCommand = (draft: RuleDraft): AlertRuleCreate => ({
  ...common(draft),
  rule_type: draft.type,
  enabled: true,
  target_model_id: draft.type === 'specific_model_down' ? draft.modelId : null,
  target_model_name: draft.type === 'model_unavailable_everywhere' ? draft.modelName : null,
  target_budget_id: draft.type === 'budget_used' && draft.budgetId ? draft.budgetId : null,
  target_probe_id: draft.type === 'probe_failed' && draft.probeId ? draft.probeId : null,
  threshold_percent: threshold(draft),
});

export const ruleChange = (draft: RuleDraft): AlertRuleUpdate => ({
  ...common(draft),
  threshold_percent: threshold(draft),
});

/** The names models go by at their providers, each once. */
export const modelNames = (models: readonly ModelResponse[]): string[] =>
  [...new Set(models.map((model) => model.model_id))].sort((a, b) => a.localeCompare(b));
