import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { monitoringConfigQuery, promptPacksQuery, updateMonitoringConfig } from '@/api/monitoring';
import type { MonitoringConfig } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { InputField, SelectField } from '@/components/Field';
import { ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Switch } from '@/components/Switch';
import { Time } from '@/components/Time';
import { tellDone } from '@/components/toasts';
import { duration } from '@/format/numbers';

export function MonitoringTab() {
  const config = useQuery(monitoringConfigQuery);
  const { data, error } = config;
  return (
    <Panel title="Monitoring" description="How every watched model is checked, unless it has an interval of its own.">
      {config.isPending && <SkeletonRows rows={3} />}
      {error && !data && <ErrorState error={error} onRetry={() => void config.refetch()} />}
      {data && <ConfigForm key={data.revision} config={data} />}
    </Panel>
  );
}

function ConfigForm({ config }: { config: MonitoringConfig }) {
  const client = useQueryClient();
  const mayChange = useMay('operator');
  const packs = useQuery(promptPacksQuery);
  const [enabled, setEnabled] = useState(config.enabled);
  const [interval, setInterval] = useState(String(config.interval_s));
  const [pack, setPack] = useState(config.prompt_pack);
  const [maxTokens, setMaxTokens] = useState(String(config.max_tokens));
  const save = useMutation({
    mutationFn: updateMonitoringConfig,
    meta: { failure: null },
    onSuccess: (saved) => {
      client.setQueryData(monitoringConfigQuery.queryKey, saved);
      void client.invalidateQueries({ queryKey: ['overview'] });
      tellDone('Monitoring saved');
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate({
      enabled,
      interval_s: Number(interval),
      prompt_pack: pack,
      max_tokens: Number(maxTokens),
    });
  };
  return (
    <form onSubmit={submit}>
      <fieldset disabled={!mayChange} className="flex flex-col gap-4 px-4 py-4">
        <Switch
          label="Check watched models at their interval"
          showLabel
          checked={enabled}
          disabled={!mayChange}
          onChange={setEnabled}
        />
        <div className="grid max-w-140 items-start gap-4 sm:grid-cols-2">
          <InputField
            label="Interval in seconds"
            type="number"
            inputMode="numeric"
            required
            min={10}
            max={86400}
            hint={Number(interval) >= 10 ? `Every ${duration(Number(interval))}.` : '10 to 86,400.'}
            value={interval}
            onChange={(event) => setInterval(event.target.value)}
          />
          <InputField
            label="Max tokens"
            type="number"
            inputMode="numeric"
            required
            min={1}
            max={4096}
            hint="The longest answer a check may cost."
            value={maxTokens}
            onChange={(event) => setMaxTokens(event.target.value)}
          />
          <SelectField
            label="Prompt pack"
            hint={packs.data?.find(({ id }) => id === pack)?.prompt}
            value={pack}
            onChange={(event) => setPack(event.target.value)}
          >
            {(packs.data ?? [{ id: pack, name: pack }]).map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        </div>
        {save.error && (
          <p role="alert" className="text-[0.8125rem] text-down">
            {save.error.message}
          </p>
        )}
      </fieldset>
      <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-3">
        <p className="mr-auto text-xs text-ink-3">
          {config.last_run_at && (
            <>
              Last run <Time at={config.last_run_at} ago />
            </>
          )}
        </p>
        {mayChange && (
          <Button type="submit" variant="primary" busy={save.isPending}>
            Save
          </Button>
        )}
      </div>
    </form>
  );
}
