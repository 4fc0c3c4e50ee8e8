import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { createModel } from '@/api/models';
import { problemAt } from '@/api/problem';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField } from '@/components/Field';
import { Switch } from '@/components/Switch';
import { tellDone } from '@/components/toasts';

interface AddModelDialogProps {
  providerId: string;
  providerName: string;
  open: boolean;
  onClose: () => void;
}

/** A model that discovery did not list. Any name the provider knows is a name. */
export function AddModelDialog({ providerId, providerName, open, onClose }: AddModelDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="Add model" description={`At ${providerName}`}>
      <AddModelForm providerId={providerId} onClose={onClose} />
    </Dialog>
  );
}

function AddModelForm({ providerId, onClose }: { providerId: string; onClose: () => void }) {
  const client = useQueryClient();
  const [modelId, setModelId] = useState('');
  const [name, setName] = useState('');
  const [watch, setWatch] = useState(true);
  const create = useMutation({
    mutationFn: createModel,
    meta: { failure: null },
    onSuccess: (model) => {
      for (const key of ['models', 'providers', 'overview']) {
        void client.invalidateQueries({ queryKey: [key] });
      }
      tellDone(`${model.custom_name ?? model.model_id} added`);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate({
      provider_account_id: providerId,
      model_id: modelId.trim(),
      custom_name: name.trim() || null,
      enabled_for_monitoring: watch,
      enabled_for_benchmark: true,
    });
  };
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <InputField
          label="Model ID"
          autoComplete="off"
          spellCheck={false}
          required
          maxLength={500}
          placeholder="gpt-4.1, llama3:8b, meta-llama/Llama-3-70b"
          hint="Exactly as the provider spells it."
          value={modelId}
          onChange={(event) => setModelId(event.target.value)}
          error={problemAt('model_id', create.error)}
        />
        <InputField
          label="Shown as"
          autoComplete="off"
          optional
          maxLength={255}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Switch label="Watch it from now on" showLabel checked={watch} onChange={setWatch} />
      </DialogBody>
      <DialogFooter>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" disabled={!modelId.trim()} busy={create.isPending}>
          Add model
        </Button>
      </DialogFooter>
    </form>
  );
}
