import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { monitoringConfigQuery } from '@/api/monitoring';
import type { ModelResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { Checkbox } from '@/components/Checkbox';
import { Switch } from '@/components/Switch';
import { TableScroll } from '@/components/TableScroll';
import { duration } from '@/format/numbers';

import { factsInWords } from './factsInWords';
import { RetiredBadge } from './RetiredBadge';
import { useManyModelsChange, useModelChange } from './useModelChange';

interface ModelTableProps {
  models: readonly ModelResponse[];
  showProvider?: boolean;
}

/** Models with their switches; several can be picked and switched together. */
export function ModelTable({ models, showProvider = false }: ModelTableProps) {
  const mayChange = useMay('operator');
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const here = models.filter((model) => picked.has(model.id));
  const pick = (ids: readonly string[], on: boolean) => {
    const next = new Set(picked);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    setPicked(next);
  };
  return (
    <>
      {mayChange && here.length > 0 && (
        <BulkBar ids={here.map((model) => model.id)} onDone={() => setPicked(new Set())} />
      )}
      <TableScroll label="Table of models">
        <table className="table-quiet">
          <thead>
            <tr>
              {mayChange && (
                <th scope="col" className="w-8 pr-0!">
                  <Checkbox
                    label="Select all models on this page"
                    checked={here.length > 0 && here.length === models.length}
                    mixed={here.length > 0 && here.length < models.length}
                    onChange={(on) =>
                      pick(
                        models.map((model) => model.id),
                        on,
                      )
                    }
                  />
                </th>
              )}
              <th scope="col">Model</th>
              {showProvider && (
                <th scope="col" className="max-sm:hidden">
                  Provider
                </th>
              )}
              <th scope="col" className="max-sm:hidden">
                Source
              </th>
              <th scope="col" className="max-lg:hidden">
                Known facts
              </th>
              <th scope="col" className="max-sm:hidden">
                Interval
              </th>
              <th scope="col">Watched</th>
              <th scope="col" className="max-sm:hidden">
                Benchmarks
              </th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <ModelRow
                key={model.id}
                model={model}
                showProvider={showProvider}
                mayChange={mayChange}
                picked={picked.has(model.id)}
                onPick={(on) => pick([model.id], on)}
              />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </>
  );
}

function BulkBar({ ids, onDone }: { ids: string[]; onDone: () => void }) {
  const change = useManyModelsChange();
  const set = (enabled_for_monitoring: boolean) =>
    change.mutate({ ids, change: { enabled_for_monitoring } }, { onSuccess: onDone });
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line bg-accent-soft px-4 py-2">
      <p role="status" className="mr-auto text-[0.8125rem] font-medium">
        {ids.length} selected
      </p>
      <Button size="sm" variant="primary" busy={change.isPending} onClick={() => set(true)}>
        Watch selected
      </Button>
      <Button size="sm" disabled={change.isPending} onClick={() => set(false)}>
        Stop watching
      </Button>
      <Button size="sm" variant="ghost" onClick={onDone}>
        Clear
      </Button>
    </div>
  );
}

interface ModelRowProps {
  model: ModelResponse;
  showProvider: boolean;
  mayChange: boolean;
  picked: boolean;
  onPick: (on: boolean) => void;
}

function ModelRow({ model, showProvider, mayChange, picked, onPick }: ModelRowProps) {
  const change = useModelChange();
  const config = useQuery(monitoringConfigQuery);
  const defaultInterval = config.data ? `${duration(config.data.interval_s)} (default)` : 'default';
  const name = model.custom_name ?? model.model_id;
  const { variables: asked } = change;
  const ends = asked?.enabled_for_monitoring ? { retired_at: null } : {};
  const shown = change.isPending && asked ? { ...model, ...asked, ...ends } : model;
  const facts = factsInWords(model.facts);
  return (
    <tr data-testid="model-row" className="hover:bg-raised/60">
      {mayChange && (
        <td className="pr-0!">
          <Checkbox label={`Select ${name}`} checked={picked} onChange={onPick} />
        </td>
      )}
      <td className="max-w-48 sm:max-w-80">
        <Link
          to="/models/$modelId"
          params={{ modelId: model.id }}
          className="block truncate font-medium hover:text-accent"
          title={name}
        >
          {name}
        </Link>
        {model.retired_at && <RetiredBadge since={model.retired_at} />}
        {model.custom_name && <p className="truncate text-xs text-ink-3">{model.model_id}</p>}
        {showProvider && <p className="truncate text-xs text-ink-3 sm:hidden">{model.provider_name}</p>}
      </td>
      {showProvider && <td className="max-w-48 truncate text-ink-2 max-sm:hidden">{model.provider_name}</td>}
      <td className="text-ink-2 max-sm:hidden">{model.source === 'manual' ? 'by hand' : model.source}</td>
      <td className="max-w-64 truncate text-ink-2 max-lg:hidden" title={facts}>
        {facts || '–'}
      </td>
      <td className="text-ink-2 max-sm:hidden">
        {model.interval_s == null ? defaultInterval : duration(model.interval_s)}
      </td>
      <td>
        <Switch
          label={`Watch ${name}`}
          checked={shown.enabled_for_monitoring === true && !shown.retired_at}
          disabled={!mayChange || change.isPending}
          onChange={(on) => change.mutate({ model_id: model.id, enabled_for_monitoring: on })}
        />
      </td>
      <td className="max-sm:hidden">
        <Switch
          label={`Offer ${name} for benchmarks`}
          checked={shown.enabled_for_benchmark === true}
          disabled={!mayChange || change.isPending}
          onChange={(on) => change.mutate({ model_id: model.id, enabled_for_benchmark: on })}
        />
      </td>
    </tr>
  );
}
