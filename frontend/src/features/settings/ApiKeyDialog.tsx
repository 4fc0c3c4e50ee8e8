import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { apiKeysQuery, createApiKey } from '@/api/auth';
import { problemAt } from '@/api/problem';
import type { Role } from '@/api/types';
import { Button } from '@/components/Button';
import { CopyOnce } from '@/components/CopyOnce';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField, SelectField } from '@/components/Field';

import { RoleField } from './RoleField';

interface ApiKeyDialogProps {
  open: boolean;
  onClose: () => void;
}

/** Create a key, and show it this once. */
export function ApiKeyDialog({ open, onClose }: ApiKeyDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="Create API key">
      <ApiKeyForm onClose={onClose} />
    </Dialog>
  );
}

const DAY_MS = 86_400_000;

function ApiKeyForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('');
  const create = useMutation({
    mutationFn: createApiKey,
    meta: { failure: null },
    onSuccess: () => client.invalidateQueries({ queryKey: apiKeysQuery.queryKey }),
  });
  if (create.data) return <CreatedKey value={create.data.key} onClose={onClose} />;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const expires = days === '' ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    create.mutate({ name: name.trim(), role, expires_at: expires });
  };
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <InputField
          label="Name"
          required
          maxLength={100}
          autoComplete="off"
          placeholder="What will use it"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={problemAt('name', create.error)}
        />
        <RoleField value={role} onChange={setRole} />
        <SelectField label="Expires" value={days} onChange={(event) => setDays(event.target.value)}>
          <option value="">Never</option>
          <option value="30">In 30 days</option>
          <option value="90">In 90 days</option>
          <option value="365">In a year</option>
        </SelectField>
      </DialogBody>
      <DialogFooter>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" disabled={!name.trim()} busy={create.isPending}>
          Create key
        </Button>
      </DialogFooter>
    </form>
  );
}

function CreatedKey({ value, onClose }: { value: string; onClose: () => void }) {
  return (
    <>
      <DialogBody>
        <p className="text-[0.8125rem] text-ink-2">
          Copy the key now. Only its hash is stored, so it cannot be shown again.
        </p>
        <CopyOnce value={value} testId="new-api-key" />
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}
