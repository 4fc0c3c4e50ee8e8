import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { accountsQuery, createAccount, updateAccount } from '@/api/auth';
import type { AccountResponse, Role } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField } from '@/components/Field';
import { tellDone } from '@/components/toasts';

import { RoleField } from './RoleField';

interface AccountDialogProps {
  account: AccountResponse | undefined;
  open: boolean;
  onClose: () => void;
}

export function AccountDialog({ account, open, onClose }: AccountDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={account ? `Edit ${account.username}` : 'Add account'}>
      <AccountForm account={account} onClose={onClose} />
    </Dialog>
  );
}

function AccountForm({ account, onClose }: Omit<AccountDialogProps, 'open'>) {
  const client = useQueryClient();
  const [username, setUsername] = useState(account?.username ?? '');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>(account?.role ?? 'viewer');
  const save = useMutation({
    mutationFn: () =>
      account
        ? updateAccount({ account_id: account.id, role, ...(password ? { password } : {}) })
        : createAccount({ username: username.trim(), password, role }),
    meta: { failure: null },
    onSuccess: async (saved) => {
      tellDone(`${saved.username} saved`);
      onClose();
      await client.invalidateQueries({ queryKey: accountsQuery.queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        {!account && (
          <InputField
            label="User name"
            required
            maxLength={100}
            pattern="[A-Za-z0-9._@\-]+"
            autoComplete="off"
            hint="Letters, digits and . _ @ -"
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        )}
        <InputField
          label={account ? 'New password' : 'Password'}
          type="password"
          required={!account}
          minLength={10}
          autoComplete="new-password"
          hint={account ? 'Leave empty to keep it. At least 10 characters.' : 'At least 10 characters.'}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <RoleField value={role} onChange={setRole} />
        {save.error && (
          <p role="alert" className="text-[0.8125rem] text-down">
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
