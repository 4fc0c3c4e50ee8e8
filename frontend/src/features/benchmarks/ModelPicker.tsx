import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { allModelsQuery } from '@/api/models';
import type { ModelResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { buttonClass } from '@/components/buttonClass';
import { Checkbox } from '@/components/Checkbox';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { SearchBox } from '@/components/SearchBox';

interface ModelPickerProps {
  picked: ReadonlySet<string>;
  onChange: (picked: ReadonlySet<string>) => void;
  error: string | undefined;
}

/** Models to benchmark, by provider. */
export function ModelPicker({ picked, onChange, error }: ModelPickerProps) {
  const [search, setSearch] = useState('');
  const models = useQuery(allModelsQuery({ enabled_for_benchmark: true }));
  const shown = (models.data ?? []).filter((model) => matches(model, search));
  const toggle = (ids: readonly string[], on: boolean) => {
    const next = new Set(picked);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    onChange(next);
  };
  return (
    <Panel
      title="Models"
      description={picked.size === 0 ? 'Choose one or more.' : `${picked.size} chosen`}
      actions={
        <>
          {picked.size > 0 && (
            <Button size="sm" variant="ghost" onClick={() => onChange(new Set())}>
              Clear
            </Button>
          )}
          <SearchBox label="Search models" value={search} onChange={setSearch} className="w-52" />
        </>
      }
    >
      {error && (
        <p role="alert" className="px-4 pt-3 text-xs text-down">
          {error}
        </p>
      )}
      {models.isPending && <SkeletonRows rows={5} />}
      {models.error && !models.data && (
        <ErrorState error={models.error} onRetry={() => void models.refetch()} />
      )}
      {models.data && shown.length === 0 && (
        <EmptyState
          title={search ? 'No model has such a name' : 'No model is offered for benchmarks'}
          action={
            !search && (
              <Link to="/models" className={buttonClass()}>
                Models
              </Link>
            )
          }
        >
          {!search && 'Switch “Benchmarks” on for a model. Models come with a provider.'}
        </EmptyState>
      )}
      <div className="max-h-112 overflow-y-auto">
        {groupsOf(shown).map(([provider, group]) => (
          <ProviderGroup key={group[0]?.provider_account_id} {...{ provider, group, picked, toggle }} />
        ))}
      </div>
    </Panel>
  );
}

interface ProviderGroupProps {
  provider: string;
  group: readonly ModelResponse[];
  picked: ReadonlySet<string>;
  toggle: (ids: readonly string[], on: boolean) => void;
}

function ProviderGroup({ provider, group, picked, toggle }: ProviderGroupProps) {
  const ids = group.map((model) => model.id);
  const chosen = ids.filter((id) => picked.has(id)).length;
  return (
    <section aria-label={provider}>
      <div className="sticky top-0 z-1 flex items-center gap-2.5 border-y border-line bg-canvas px-4 py-1.5 first:border-t-0">
        <Checkbox
          label={`All models of ${provider}`}
          checked={chosen === ids.length}
          mixed={chosen > 0 && chosen < ids.length}
          onChange={(on) => toggle(ids, on)}
        />
        <h3 className="text-xs font-semibold text-ink-2">{provider}</h3>
      </div>
      <ul className="grid sm:grid-cols-2">
        {group.map((model) => {
          const name = model.custom_name ?? model.model_id;
          return (
            <li key={model.id}>
              <label className="flex items-center gap-2.5 px-4 py-1.5 text-[0.8125rem] hover:bg-raised/60">
                <Checkbox label={name} checked={picked.has(model.id)} onChange={(on) => toggle([model.id], on)} />
                <span className="truncate" title={model.model_id}>
                  {name}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const matches = (model: ModelResponse, search: string): boolean =>
  `${model.custom_name ?? ''} ${model.model_id} ${model.provider_name ?? ''}`
    .toLowerCase()
    .includes(search.trim().toLowerCase());

function groupsOf(models: readonly ModelResponse[]): [string, ModelResponse[]][] {
  const groups = new Map<string, ModelResponse[]>();
  for (const model of models) {
    const group = groups.get(model.provider_account_id);
    if (group) group.push(model);
    else groups.set(model.provider_account_id, [model]);
  }
  return [...groups.values()]
    .map((group): [string, ModelResponse[]] => [group[0]?.provider_name ?? '', group])
    .sort(([a], [b]) => a.localeCompare(b));
}
