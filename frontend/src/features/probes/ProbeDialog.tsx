import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useRef, useState } from 'react';

import { faultAt } from '@/api/problem';
import { createProbe, probesQuery, updateProbe } from '@/api/probes';
import type { Probe } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField, SelectField, TextareaField } from '@/components/Field';
import { ScopeField } from '@/components/ScopeField';
import { showFirstFault } from '@/components/showFirstFault';
import { tellDone } from '@/components/toasts';
import { KINDS } from '@/format/probes';

import {
  draftOfProbe,
  FIRST_PROBE,
  probeChange,
  probeCommand,
  type ProbeDraft,
  type ProbeFaults,
  probeFaults,
} from './probeDraft';

interface ProbeDialogProps {
  probe: Probe | undefined;
  open: boolean;
  onClose: () => void;
}

export function ProbeDialog({ probe, open, onClose }: ProbeDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={probe ? 'Edit probe' : 'Add probe'}>
      <ProbeForm probe={probe} onClose={onClose} />
    </Dialog>
  );
}

function ProbeForm({ probe, onClose }: Omit<ProbeDialogProps, 'open'>) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(probe ? draftOfProbe(probe) : FIRST_PROBE);
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      probe
        ? updateProbe({ probe_id: probe.id, revision: probe.revision, ...probeChange(draft) })
        : createProbe(probeCommand(draft)),
    meta: { failure: null },
    onError: () => form.current && showFirstFault(form.current),
    onSuccess: async (saved) => {
      tellDone(`${saved.name} saved`);
      onClose();
      await client.invalidateQueries({ queryKey: probesQuery.queryKey });
    },
  });
  const form = useRef<HTMLFormElement>(null);
  const faults = tried ? { ...faultsOfServer(save.error), ...probeFaults(draft) } : {};
  const set = (change: Partial<ProbeDraft>) => setDraft((now) => ({ ...now, ...change }));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(probeFaults(draft)).length === 0) save.mutate();
    else if (form.current) showFirstFault(form.current);
  };
  return (
    <form ref={form} onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <InputField
          label="Name"
          maxLength={255}
          autoComplete="off"
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
          error={faults.name}
        />
        <SelectField
          label="Kind"
          disabled={probe !== undefined}
          hint={KINDS.find((each) => each.value === draft.kind)?.hint}
          value={draft.kind}
          onChange={(event) =>
            set({ kind: KINDS.find((each) => each.value === event.target.value)?.value ?? draft.kind })
          }
        >
          {KINDS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </SelectField>
        {!probe && (
          <ScopeField
            everything="All watched models"
            value={draft.scope}
            onChange={(scope) => set({ scope })}
          />
        )}
        <Timing draft={draft} faults={faults} onChange={set} />
        <Content draft={draft} faults={faults} onChange={set} />
        {save.error && (
          <p role="alert" className="rounded-md bg-down-soft px-3 py-2 text-[0.8125rem] text-down">
            {save.error.message}
          </p>
        )}
      </DialogBody>
      <DialogFooter>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" busy={save.isPending}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}

/** Each at the field that it is about. */
const faultsOfServer = (error: Error | null): ProbeFaults => ({
  name: faultAt('name', error),
  interval: faultAt('interval_s', error),
  cron: faultAt('cron', error),
  prompt: faultAt('prompt', error),
  maxTokens: faultAt('max_tokens', error),
  contextWords: faultAt('context_words', error),
  schema: faultAt('answer_schema', error),
  assertions: faultAt('assertions', error),
});

interface PartProps {
  draft: ProbeDraft;
  faults: ProbeFaults;
  onChange: (change: Partial<ProbeDraft>) => void;
}

/** When it is asked. */
function Timing({ draft, faults, onChange }: PartProps) {
  return (
    <div className="grid grid-cols-2 items-start gap-4">
      <SelectField
        label="When"
        value={draft.timing}
        onChange={(event) => onChange({ timing: event.target.value === 'cron' ? 'cron' : 'interval' })}
      >
        <option value="interval">Each so many seconds</option>
        <option value="cron">At times (cron, UTC)</option>
      </SelectField>
      {draft.timing === 'interval' ? (
        <InputField
          label="Seconds"
          type="number"
          inputMode="numeric"
          min={10}
          value={draft.interval}
          onChange={(event) => onChange({ interval: event.target.value })}
          error={faults.interval}
        />
      ) : (
        <InputField
          label="Cron expression"
          placeholder="*/15 8-18 * * 1-5"
          autoComplete="off"
          value={draft.cron}
          onChange={(event) => onChange({ cron: event.target.value })}
          error={faults.cron}
        />
      )}
    </div>
  );
}

const ASSERTIONS = '[{"type": "latency", "metric": "total_ms", "at_most_ms": 2000, "level": "warn"}]';

/** What it asks, and what has to be true of the answer. */
function Content({ draft, faults, onChange }: PartProps) {
  return (
    <>
      {draft.kind !== 'long_context' && (
        <TextareaField
          label="Prompt"
          hint="Empty: the kind’s own."
          rows={2}
          value={draft.prompt}
          onChange={(event) => onChange({ prompt: event.target.value })}
          error={faults.prompt}
        />
      )}
      {draft.kind === 'long_context' && (
        <InputField
          label="Words"
          inputMode="numeric"
          autoComplete="off"
          optional
          hint="How much stands around the sentence that matters. Empty: 2,000."
          value={draft.contextWords}
          onChange={(event) => onChange({ contextWords: event.target.value })}
          error={faults.contextWords}
        />
      )}
      {draft.kind !== 'embedding' && (
        <InputField
          label="Longest answer, in tokens"
          inputMode="numeric"
          autoComplete="off"
          optional
          hint="Empty: the kind’s own. Models that reason get more."
          value={draft.maxTokens}
          onChange={(event) => onChange({ maxTokens: event.target.value })}
          error={faults.maxTokens}
        />
      )}
      {draft.kind === 'json_schema' && (
        <TextareaField
          label="Schema"
          hint="A JSON schema; empty: one of ours."
          rows={4}
          value={draft.schema}
          onChange={(event) => onChange({ schema: event.target.value })}
          error={faults.schema}
        />
      )}
      <SelectField
        label="A wrong answer is"
        value={draft.level}
        onChange={(event) => onChange({ level: event.target.value === 'warn' ? 'warn' : 'fail' })}
      >
        <option value="fail">a failure</option>
        <option value="warn">a warning</option>
      </SelectField>
      <TextareaField
        label="Assertions"
        hint="A JSON list: status, latency, regex, json_path, json_schema, each at level fail or warn."
        placeholder={ASSERTIONS}
        rows={3}
        value={draft.assertions}
        onChange={(event) => onChange({ assertions: event.target.value })}
        error={faults.assertions}
      />
    </>
  );
}
