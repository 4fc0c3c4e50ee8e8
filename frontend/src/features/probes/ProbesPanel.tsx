import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Pencil, Plus, Stethoscope, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { probesQuery, removeProbe, updateProbe } from '@/api/probes';
import type { Probe } from '@/api/types';
import { useMay } from '@/app/session';
import { useScope } from '@/app/useScope';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Switch } from '@/components/Switch';
import { tellDone } from '@/components/toasts';
import { plural } from '@/format/numbers';
import { kindLabel, whenAsked } from '@/format/probes';

import { ProbeDialog } from './ProbeDialog';

type Open = { kind: 'edit'; probe: Probe | undefined } | { kind: 'remove'; probe: Probe };

/** What else is asked of watched models, beside whether they live. */
export function ProbesPanel() {
  const client = useQueryClient();
  const probes = useQuery(probesQuery);
  const mayChange = useMay('operator');
  const [open, setOpen] = useState<Open>();
  const remove = useMutation({
    mutationFn: removeProbe,
    meta: { failure: 'The probe was not removed' },
    onSuccess: async () => {
      tellDone('Probe removed');
      setOpen(undefined);
      await client.invalidateQueries({ queryKey: probesQuery.queryKey });
    },
  });
  const add = mayChange && (
    <Button
      variant="primary"
      icon={<Plus aria-hidden className="size-4" />}
      onClick={() => setOpen({ kind: 'edit', probe: undefined })}
    >
      Add probe
    </Button>
  );
  const items = probes.data?.items;
  const removing = open?.kind === 'remove' ? open.probe : undefined;
  return (
    <Panel
      title="Probes"
      description="What they find is shown with their checks; uptime is liveness alone."
      actions={items?.length !== 0 && add}
    >
      {probes.isPending && <SkeletonRows rows={3} />}
      {probes.error && !items && <ErrorState error={probes.error} onRetry={() => void probes.refetch()} />}
      {items?.length === 0 && (
        <EmptyState icon={<Stethoscope aria-hidden />} title="No probes yet" action={add}>
          Models are asked whether they live. A probe asks more: whether an answer is right, is JSON, calls a
          tool, or comes fast.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {items?.map((probe) => (
          <ProbeItem
            key={probe.id}
            probe={probe}
            mayChange={mayChange}
            onEdit={() => setOpen({ kind: 'edit', probe })}
            onRemove={() => setOpen({ kind: 'remove', probe })}
          />
        ))}
      </ul>
      <ProbeDialog
        open={open?.kind === 'edit'}
        probe={open?.kind === 'edit' ? open.probe : undefined}
        onClose={() => setOpen(undefined)}
      />
      <ConfirmDialog
        open={removing !== undefined}
        onClose={() => setOpen(undefined)}
        title={`Remove probe “${removing?.name ?? ''}”?`}
        confirmLabel="Remove probe"
        busy={remove.isPending}
        onConfirm={() => removing && remove.mutate(removing.id)}
      >
        What it has found stays.
      </ConfirmDialog>
    </Panel>
  );
}

interface ProbeItemProps {
  probe: Probe;
  mayChange: boolean;
  onEdit: () => void;
  onRemove: () => void;
}

function ProbeItem({ probe, mayChange, onEdit, onRemove }: ProbeItemProps) {
  const client = useQueryClient();
  const scope = useScope(probe, 'All watched models');
  const change = useMutation({
    mutationFn: updateProbe,
    meta: { failure: 'The probe was not changed' },
    onSuccess: () => client.invalidateQueries({ queryKey: probesQuery.queryKey }),
  });
  const asserted = probe.assertions.length;
  return (
    <li data-testid="probe-row" className="flex items-center gap-4 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className={`truncate font-medium ${probe.enabled ? '' : 'text-ink-3'}`}>{probe.name}</p>
        <p className="text-xs text-ink-3">
          <Link to="/checks" search={{ kind: probe.kind }} className="hover:text-accent hover:underline">
            {kindLabel(probe.kind)}
          </Link>{' '}
          · {scope} · {whenAsked(probe)}
          {asserted > 0 && ` · ${plural(asserted, 'assertion')}`}
        </p>
      </div>
      {mayChange && (
        <>
          <Switch
            label={`Ask probe ${probe.name}`}
            checked={probe.enabled}
            disabled={change.isPending}
            onChange={(enabled) =>
              change.mutate({ probe_id: probe.id, revision: probe.revision, enabled })
            }
          />
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Edit probe ${probe.name}`}
            onClick={onEdit}
            icon={<Pencil aria-hidden className="size-4" />}
          />
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove probe ${probe.name}`}
            onClick={onRemove}
            icon={<Trash2 aria-hidden className="size-4" />}
          />
        </>
      )}
    </li>
  );
}
