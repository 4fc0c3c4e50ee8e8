import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Play } from 'lucide-react';
import { type SyntheticEvent, useState } from 'react';

import { startBenchmark } from '@/api/benchmarks';
import { promptPacksQuery } from '@/api/monitoring';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { InputField, SelectField, TextareaField } from '@/components/Field';
import { PageHeader, Panel } from '@/components/Panel';
import { showFirstFault } from '@/components/showFirstFault';
import { plural } from '@/format/numbers';

import { ModelPicker } from './ModelPicker';
import {
  BOUNDS,
  commandOf,
  faultsOf,
  FIRST_PLAN,
  LIMIT_BOUNDS,
  nameFor,
  OWN_PROMPT,
  type Plan,
  promptOf,
  requestsOf,
} from './plan';
import { usePackLabel } from './usePackLabel';

const route = getRouteApi('/house/benchmarks/new');

export function NewBenchmarkPage() {
  const { model } = route.useSearch();
  const client = useQueryClient();
  const navigate = useNavigate();
  const mayStart = useMay('operator');
  const [plan, setPlan] = useState<Plan>({ ...FIRST_PLAN, modelIds: new Set(model ? [model] : []) });
  const [submitted, setSubmitted] = useState(false);
  const start = useMutation({
    mutationFn: startBenchmark,
    meta: { failure: null },
    onSuccess: async ({ id }) => {
      await navigate({ to: '/benchmarks/$runId', params: { runId: id } });
      void client.invalidateQueries({ queryKey: ['benchmarks'] });
    },
  });
  const packLabel = usePackLabel();
  const faults = faultsOf(plan);
  const shownFaults = submitted ? faults : {};
  const set = (change: Partial<Plan>) => setPlan({ ...plan, ...change });
  const submit = (event: SyntheticEvent<HTMLElement>) => {
    event.preventDefault();
    setSubmitted(true);
    if (Object.keys(faults).length > 0) showFirstFault(event.currentTarget);
    else start.mutate(commandOf(plan, packLabel(plan.pack)));
  };
  const { measured, warmup } = requestsOf(plan);

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <Link
        to="/benchmarks"
        className="inline-flex items-center gap-1.5 self-start text-xs font-medium text-ink-2 hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-3.5" />
        Benchmarks
      </Link>
      <PageHeader title="New benchmark" />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <ModelPicker
          picked={plan.modelIds}
          onChange={(modelIds) => set({ modelIds })}
          error={shownFaults.modelIds}
        />
        <Panel title="Plan">
          <div className="flex flex-col gap-4 px-4 py-4">
            <InputField
              label="Run name"
              optional
              maxLength={255}
              placeholder={nameFor(plan, packLabel(plan.pack))}
              value={plan.name}
              onChange={(event) => set({ name: event.target.value })}
            />
            <PromptFields plan={plan} error={shownFaults.prompt} onChange={set} />
            <NumberFields bounds={BOUNDS} plan={plan} faults={shownFaults} onChange={set} />
            {/* A fault inside must not stay folded away. */}
            <details
              open={LIMIT_BOUNDS.some(({ field }) => shownFaults[field]) || undefined}
              className="text-[0.8125rem]"
            >
              <summary className="text-ink-2 hover:text-ink">Throttles</summary>
              <div className="pt-3">
                <NumberFields bounds={LIMIT_BOUNDS} plan={plan} faults={shownFaults} onChange={set} />
              </div>
            </details>
          </div>
          <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-3">
            <p role="status" className="mr-auto text-xs text-ink-2">
              {!mayStart && 'Starting a benchmark takes the operator role. '}
              {measured > 0
                ? `${plural(measured, 'request')}${warmup > 0 ? ` after ${warmup} to warm up` : ''}`
                : 'No model chosen yet'}
            </p>
            <Button
              type="submit"
              variant="primary"
              disabled={!mayStart}
              busy={start.isPending}
              icon={<Play aria-hidden className="size-3.5" />}
            >
              Start benchmark
            </Button>
            {start.error && (
              <p role="alert" className="w-full text-[0.8125rem] text-down">
                {start.error.message}
              </p>
            )}
          </div>
        </Panel>
      </div>
    </form>
  );
}

interface PromptFieldsProps {
  plan: Plan;
  error: string | undefined;
  onChange: (change: Partial<Plan>) => void;
}

function PromptFields({ plan, error, onChange }: PromptFieldsProps) {
  const packs = useQuery(promptPacksQuery);
  const own = plan.pack === OWN_PROMPT;
  return (
    <>
      <SelectField
        label="Prompt pack"
        value={plan.pack}
        onChange={(event) => onChange({ pack: event.target.value })}
      >
        {packs.data?.map((pack) => (
          <option key={pack.id} value={pack.id}>
            {pack.name}
          </option>
        ))}
        <option value={OWN_PROMPT}>Own prompt</option>
      </SelectField>
      <TextareaField
        label="Prompt"
        readOnly={!own}
        maxLength={100_000}
        value={promptOf(plan, packs.data)}
        onChange={(event) => onChange({ prompt: event.target.value })}
        error={error}
      />
    </>
  );
}

interface NumberFieldsProps {
  bounds: typeof BOUNDS;
  plan: Plan;
  faults: ReturnType<typeof faultsOf>;
  onChange: (change: Partial<Plan>) => void;
}

const NumberFields = ({ bounds, plan, faults, onChange }: NumberFieldsProps) => (
  <div className="grid grid-cols-2 items-start gap-4">
    {bounds.map(({ field, label, min, max, hint }) => (
      <InputField
        key={field}
        label={label}
        type="number"
        inputMode="numeric"
        min={min}
        max={max}
        hint={hint}
        value={plan[field]}
        onChange={(event) => onChange({ [field]: event.target.value })}
        error={faults[field]}
      />
    ))}
  </div>
);
