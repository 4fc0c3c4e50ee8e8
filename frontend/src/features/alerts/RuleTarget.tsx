import { useQuery } from '@tanstack/react-query';

import { budgetsQuery } from '@/api/costs';
import { allModelsQuery } from '@/api/models';
import { probesQuery } from '@/api/probes';
import { SelectField } from '@/components/Field';
import { RULE_TYPES } from '@/format/outcomes';

import { modelNames, type RuleDraft, type ruleFaults } from './ruleDraft';

interface RuleTargetProps {
  draft: RuleDraft;
  faults: ReturnType<typeof ruleFaults>;
  /** What a rule watches is settled when it is made. */
  fixed: boolean;
  onChange: (change: Partial<RuleDraft>) => void;
}

/** What a rule watches: any model, one, one name at every provider, a probe or a budget. */
export function RuleTarget({ draft, faults, fixed, onChange }: RuleTargetProps) {
  const models = useQuery({ ...allModelsQuery(), enabled: draft.type !== 'any_model_down' });
  return (
    <>
      <SelectField
        label="Raise when"
        disabled={fixed}
        hint={fixed ? 'To watch something else, add another rule.' : undefined}
        value={draft.type}
        onChange={(event) => onChange({ type: event.target.value as RuleDraft['type'] })}
      >
        {RULE_TYPES.map((type) => (
          <option key={type.value} value={type.value}>
            {type.label}
          </option>
        ))}
      </SelectField>
      {draft.type === 'specific_model_down' && (
        <SelectField
          label="Model"
          disabled={fixed}
          value={draft.modelId}
          onChange={(event) => onChange({ modelId: event.target.value })}
          error={faults.modelId}
        >
          <option value="">Choose a model</option>
          {models.data?.map((model) => (
            <option key={model.id} value={model.id}>
              {model.custom_name ?? model.model_id} at {model.provider_name}
            </option>
          ))}
        </SelectField>
      )}
      {draft.type === 'model_unavailable_everywhere' && (
        <SelectField
          label="Model"
          disabled={fixed}
          value={draft.modelName}
          onChange={(event) => onChange({ modelName: event.target.value })}
          error={faults.modelName}
        >
          <option value="">Choose a model name</option>
          {draft.modelName && !models.data?.some((model) => model.model_id === draft.modelName) && (
            <option value={draft.modelName}>{draft.modelName}</option>
          )}
          {modelNames(models.data ?? []).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
      {draft.type === 'probe_failed' && <ProbeTarget draft={draft} fixed={fixed} onChange={onChange} />}
      {draft.type === 'budget_used' && <BudgetTarget draft={draft} fixed={fixed} onChange={onChange} />}
    </>
  );
}

/** Which probe. */
function ProbeTarget({ draft, fixed, onChange }: Omit<RuleTargetProps, 'faults'>) {
  const probes = useQuery(probesQuery);
  return (
    <SelectField
      label="Probe"
      disabled={fixed}
      hint="At any model that it asks."
      value={draft.probeId}
      onChange={(event) => onChange({ probeId: event.target.value })}
    >
      <option value="">Any probe</option>
      {probes.data?.items.map((probe) => (
        <option key={probe.id} value={probe.id}>
          {probe.name}
        </option>
      ))}
    </SelectField>
  );
}

const PERCENTS = Array.from({ length: 19 }, (_, step) => String(5 * (step + 1)));

/** Which budget, and how much of it. */
function BudgetTarget({ draft, fixed, onChange }: Omit<RuleTargetProps, 'faults'>) {
  const budgets = useQuery(budgetsQuery);
  return (
    <>
      <SelectField
        label="Budget"
        disabled={fixed}
        value={draft.budgetId}
        onChange={(event) => onChange({ budgetId: event.target.value })}
      >
        <option value="">Any budget</option>
        {budgets.data?.items.map((budget) => (
          <option key={budget.id} value={budget.id}>
            {budget.name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Used"
        hint="Of its day in UTC."
        value={draft.percent}
        onChange={(event) => onChange({ percent: event.target.value })}
      >
        {PERCENTS.map((percent) => (
          <option key={percent} value={percent}>
            {percent} %
          </option>
        ))}
      </SelectField>
    </>
  );
}
