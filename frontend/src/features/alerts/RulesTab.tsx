import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { BellPlus, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { channelsQuery, removeRule, rulesQuery, updateRule } from '@/api/alerts';
import type { AlertRuleResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Switch } from '@/components/Switch';
import { tellDone } from '@/components/toasts';
import { plural } from '@/format/numbers';
import { ruleTypeLabel } from '@/format/outcomes';

import { RuleDialog } from './RuleDialog';

type Open = { kind: 'edit'; rule: AlertRuleResponse | undefined } | { kind: 'remove'; rule: AlertRuleResponse };

export function RulesTab() {
  const rules = useQuery(rulesQuery);
  const mayChange = useMay('operator');
  const [open, setOpen] = useState<Open>();
  const add = mayChange && (
    <Button
      variant="primary"
      icon={<Plus aria-hidden className="size-4" />}
      onClick={() => setOpen({ kind: 'edit', rule: undefined })}
    >
      Add rule
    </Button>
  );
  const { data } = rules;
  return (
    <Panel title="Rules" description="When an alert is raised, and who is told." actions={data?.length !== 0 && add}>
      {rules.isPending && <SkeletonRows rows={3} />}
      {rules.error && !data && <ErrorState error={rules.error} onRetry={() => void rules.refetch()} />}
      {data?.length === 0 && (
        <EmptyState icon={<BellPlus aria-hidden />} title="No rules yet" action={add}>
          Without a rule nobody is told. “Any model is down” is a good first one.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {data?.map((rule) => (
          <RuleItem
            key={rule.id}
            rule={rule}
            mayChange={mayChange}
            onEdit={() => setOpen({ kind: 'edit', rule })}
            onRemove={() => setOpen({ kind: 'remove', rule })}
          />
        ))}
      </ul>
      <RuleDialog
        open={open?.kind === 'edit'}
        rule={open?.kind === 'edit' ? open.rule : undefined}
        onClose={() => setOpen(undefined)}
      />
      {open?.kind === 'remove' && <RemoveRule rule={open.rule} onClose={() => setOpen(undefined)} />}
    </Panel>
  );
}

const whenRaised = (rule: AlertRuleResponse): string =>
  rule.threshold_percent == null
    ? `after ${plural(rule.failures_to_raise, 'failure')}, resolved after ${plural(rule.successes_to_resolve, 'success', 'successes')}`
    : `at ${rule.threshold_percent} %, resolved with the day`;

interface RuleItemProps {
  rule: AlertRuleResponse;
  mayChange: boolean;
  onEdit: () => void;
  onRemove: () => void;
}

function RuleItem({ rule, mayChange, onEdit, onRemove }: RuleItemProps) {
  const client = useQueryClient();
  const channels = useQuery(channelsQuery);
  const enable = useMutation({
    mutationFn: (enabled: boolean) => updateRule({ rule_id: rule.id, enabled }),
    meta: { failure: 'The rule was not changed' },
    onSuccess: () => client.invalidateQueries({ queryKey: rulesQuery.queryKey }),
  });
  const told = channels.data?.items
    .filter((channel) => rule.channel_ids.includes(channel.id))
    .map((channel) => channel.name);
  return (
    <li data-testid="rule-row" className="flex items-center gap-4 px-4 py-3">
      <Switch
        label={`Rule ${rule.name} enabled`}
        checked={enable.isPending ? enable.variables : rule.enabled}
        disabled={!mayChange || enable.isPending}
        onChange={(on) => enable.mutate(on)}
      />
      <div className="min-w-0 flex-1">
        <p className={`font-medium ${rule.enabled ? '' : 'text-ink-3'}`}>{rule.name}</p>
        <p className="text-xs text-ink-3">
          {ruleTypeLabel(rule.rule_type)}
          {rule.target_model_name && ` (${rule.target_model_name})`} · {rule.severity} · {whenRaised(rule)} · tells{' '}
          {[...(rule.notify_in_app ? ['this app'] : []), ...(told ?? [])].join(', ') || 'nobody'}
        </p>
      </div>
      {mayChange && (
        <div className="flex">
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Edit rule ${rule.name}`}
            onClick={onEdit}
            icon={<Pencil aria-hidden className="size-4" />}
          />
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove rule ${rule.name}`}
            onClick={onRemove}
            icon={<Trash2 aria-hidden className="size-4" />}
          />
        </div>
      )}
    </li>
  );
}

function RemoveRule({ rule, onClose }: { rule: AlertRuleResponse; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removeRule(rule.id),
    meta: { failure: 'The rule was not removed' },
    onSuccess: async () => {
      tellDone(`${rule.name} removed`);
      onClose();
      await client.invalidateQueries({ queryKey: rulesQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Remove rule “${rule.name}”?`}
      confirmLabel="Remove rule"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
    >
      Its open alerts are resolved. To silence it for a while, switch it off instead.
    </ConfirmDialog>
  );
}
