import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { channelsQuery, createRule, rulesQuery, updateRule } from '@/api/alerts';
import { ApiProblem } from '@/api/problem';
import type { AlertRuleResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField, SelectField } from '@/components/Field';
import { showFirstFault } from '@/components/showFirstFault';
import { Switch } from '@/components/Switch';
import { tellDone } from '@/components/toasts';

import { draftOfRule, FIRST_RULE, ruleChange, ruleCommand, type RuleDraft, ruleFaults } from './ruleDraft';
import { RuleTarget } from './RuleTarget';

interface RuleDialogProps {
  rule: AlertRuleResponse | undefined;
  open: boolean;
  onClose: () => void;
}

export function RuleDialog({ rule, open, onClose }: RuleDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={rule ? 'Edit rule' : 'Add rule'}>
      <RuleForm rule={rule} onClose={onClose} />
    </Dialog>
  );
}

function RuleForm({ rule: given, onClose }: Omit<RuleDialogProps, 'open'>) {
  const client = useQueryClient();
  // What the draft was made from, however the list is refreshed behind the dialog.
  const [rule, setRule] = useState(given);
  const [draft, setDraft] = useState(() => (rule ? draftOfRule(rule) : FIRST_RULE));
  const [submitted, setSubmitted] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      rule
        ? updateRule({ rule_id: rule.id, revision: rule.revision, ...ruleChange(draft) })
        : createRule(ruleCommand(draft)),
    meta: { failure: null },
    onSuccess: async (saved) => {
      tellDone(`${saved.name} saved`);
      onClose();
      await client.invalidateQueries({ queryKey: rulesQuery.queryKey });
    },
  });
  const newest = save.error instanceof ApiProblem ? (save.error.current as AlertRuleResponse | undefined) : undefined;
  const loadNewest = () => {
    if (!newest) return;
    setRule(newest);
    setDraft(draftOfRule(newest));
    save.reset();
  };
  const faults = ruleFaults(draft);
  const shown = submitted ? faults : {};
  const set = (change: Partial<RuleDraft>) => setDraft({ ...draft, ...change });
  const submit = (event: SyntheticEvent<HTMLElement>) => {
    event.preventDefault();
    setSubmitted(true);
    if (Object.keys(faults).length > 0) showFirstFault(event.currentTarget);
    else save.mutate();
  };
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <InputField
          label="Name"
          maxLength={255}
          autoComplete="off"
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
          error={shown.name}
        />
        <RuleTarget draft={draft} faults={shown} fixed={rule !== undefined} onChange={set} />
        <SelectField
          label="Severity"
          value={draft.severity}
          onChange={(event) => set({ severity: event.target.value as RuleDraft['severity'] })}
        >
          <option value="critical">Critical</option>
          <option value="warning">Warning</option>
          <option value="info">Info</option>
        </SelectField>
        {draft.type !== 'budget_used' && <Runs draft={draft} faults={shown} onChange={set} />}
        <Told draft={draft} onChange={set} />
        {save.error && (
          <p role="alert" className="rounded-md bg-down-soft px-3 py-2 text-[0.8125rem] text-down">
            {save.error.message}
          </p>
        )}
        {newest && (
          <Button type="button" onClick={loadNewest}>
            Show the newest version
          </Button>
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

interface RunsProps {
  draft: RuleDraft;
  faults: ReturnType<typeof ruleFaults>;
  onChange: (change: Partial<RuleDraft>) => void;
}

/** How many checks in a row it takes. */
function Runs({ draft, faults, onChange }: RunsProps) {
  return (
    <div className="grid grid-cols-2 items-start gap-4">
      <InputField
        label="Failures to raise"
        type="number"
        inputMode="numeric"
        min={1}
        max={100}
        hint="In a row."
        value={draft.failures}
        onChange={(event) => onChange({ failures: event.target.value })}
        error={faults.failures}
      />
      <InputField
        label="Successes to resolve"
        type="number"
        inputMode="numeric"
        min={1}
        max={100}
        hint="In a row."
        value={draft.successes}
        onChange={(event) => onChange({ successes: event.target.value })}
        error={faults.successes}
      />
    </div>
  );
}

interface ToldProps {
  draft: RuleDraft;
  onChange: (change: Partial<RuleDraft>) => void;
}

/** Who is told: the bell, and any channels. */
function Told({ draft, onChange }: ToldProps) {
  const channels = useQuery(channelsQuery);
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-xs font-medium text-ink-2">Tell</legend>
      <Switch label="The bell in this app" showLabel checked={draft.inApp} onChange={(inApp) => onChange({ inApp })} />
      {channels.data?.items.map((channel) => (
        <Switch
          key={channel.id}
          label={`${channel.name} (${channel.url_hint})`}
          showLabel
          checked={draft.channelIds.includes(channel.id)}
          onChange={(on) =>
            onChange({
              channelIds: on
                ? [...draft.channelIds, channel.id]
                : draft.channelIds.filter((id) => id !== channel.id),
            })
          }
        />
      ))}
      {channels.data?.items.length === 0 && (
        <p className="text-xs text-ink-3">Add a channel to be told by webhook, mail, chat and more.</p>
      )}
    </fieldset>
  );
}
