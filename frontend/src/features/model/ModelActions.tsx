import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Pencil, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { checkModelNow, removeModel } from '@/api/models';
import type { ModelResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { Switch } from '@/components/Switch';
import { tellDone } from '@/components/toasts';
import { useModelChange } from '@/features/models/useModelChange';

import { EditModelDialog } from './EditModelDialog';

interface ModelActionsProps {
  model: ModelResponse;
  defaultIntervalS: number | undefined;
}

/** Everything that can be done to one model. */
export function ModelActions({ model, defaultIntervalS }: ModelActionsProps) {
  const [open, setOpen] = useState<'edit' | 'remove'>();
  const mayChange = useMay('operator');
  const change = useModelChange();
  const run = useMutation({
    mutationFn: () => checkModelNow(model.id),
    meta: { failure: 'The check was not started' },
    onSuccess: () => tellDone('Check requested'),
  });
  if (!mayChange) return null;
  return (
    <>
      <Switch
        label="Watched"
        showLabel
        checked={change.isPending ? change.variables.enabled_for_monitoring === true : model.enabled_for_monitoring}
        disabled={change.isPending}
        onChange={(on) => change.mutate({ model_id: model.id, enabled_for_monitoring: on })}
      />
      <Button
        variant="primary"
        busy={run.isPending}
        onClick={() => run.mutate()}
        icon={<Play aria-hidden className="size-3.5" />}
      >
        Run now
      </Button>
      <Button onClick={() => setOpen('edit')} icon={<Pencil aria-hidden className="size-3.5" />}>
        Edit
      </Button>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Remove model"
        title="Remove model"
        onClick={() => setOpen('remove')}
        icon={<Trash2 aria-hidden className="size-4" />}
      />
      <EditModelDialog
        model={model}
        defaultIntervalS={defaultIntervalS}
        open={open === 'edit'}
        onClose={() => setOpen(undefined)}
      />
      <RemoveModel model={model} open={open === 'remove'} onClose={() => setOpen(undefined)} />
    </>
  );
}

interface RemoveModelProps {
  model: ModelResponse;
  open: boolean;
  onClose: () => void;
}

function RemoveModel({ model, open, onClose }: RemoveModelProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => removeModel(model.id),
    meta: { failure: 'The model was not removed' },
    onSuccess: async () => {
      tellDone(`${model.custom_name ?? model.model_id} removed`);
      await navigate({ to: '/' });
      for (const key of ['models', 'providers', 'overview']) {
        void client.invalidateQueries({ queryKey: [key] });
      }
    },
  });
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Remove ${model.custom_name ?? model.model_id}?`}
      confirmLabel="Remove model"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
    >
      It is no longer watched and disappears from the lists. To pause it instead, switch off
      “Watched”.
    </ConfirmDialog>
  );
}
