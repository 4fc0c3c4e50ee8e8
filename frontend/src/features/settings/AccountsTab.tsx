import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link2, Pencil, Plus, Trash2, Users } from 'lucide-react';
import { useState } from 'react';

import { accountsQuery, meQuery, removeAccount, updateAccount } from '@/api/auth';
import type { AccountResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Switch } from '@/components/Switch';
import { tellDone } from '@/components/toasts';

import { AccountDialog } from './AccountDialog';
import { LoginLinkDialog } from './LoginLinkDialog';

type Open =
  | { kind: 'edit'; account: AccountResponse | undefined }
  | { kind: 'remove'; account: AccountResponse }
  | { kind: 'link' };

/** People who sign in. */
export function AccountsTab() {
  const client = useQueryClient();
  const accounts = useQuery(accountsQuery);
  const [open, setOpen] = useState<Open>();
  const refresh = () => client.invalidateQueries({ queryKey: accountsQuery.queryKey });
  const remove = useMutation({
    mutationFn: removeAccount,
    meta: { failure: 'The account was not removed' },
    onSuccess: async () => {
      tellDone('Account removed');
      setOpen(undefined);
      await refresh();
    },
  });
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden className="size-4" />}
      onClick={() => setOpen({ kind: 'edit', account: undefined })}
    >
      Add account
    </Button>
  );
  const link = (
    <Button icon={<Link2 aria-hidden className="size-4" />} onClick={() => setOpen({ kind: 'link' })}>
      Login link
    </Button>
  );
  const items = accounts.data?.items;
  const removing = open?.kind === 'remove' ? open.account : undefined;
  return (
    <Panel
      title="Accounts"
      description="People who may sign in."
      actions={
        items?.length !== 0 && (
          <>
            {link}
            {add}
          </>
        )
      }
    >
      {accounts.isPending && <SkeletonRows rows={3} />}
      {accounts.error && !items && <ErrorState error={accounts.error} onRetry={() => void accounts.refetch()} />}
      {items?.length === 0 && (
        <EmptyState
          icon={<Users aria-hidden />}
          title="No accounts yet"
          action={
            <div className="flex flex-wrap justify-center gap-2">
              {link}
              {add}
            </div>
          }
        >
          Until there is one, people sign in by one-time links.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {items?.map((account) => (
          <AccountItem
            key={account.id}
            account={account}
            onEdit={() => setOpen({ kind: 'edit', account })}
            onRemove={() => setOpen({ kind: 'remove', account })}
          />
        ))}
      </ul>
      <AccountDialog
        open={open?.kind === 'edit'}
        account={open?.kind === 'edit' ? open.account : undefined}
        onClose={() => setOpen(undefined)}
      />
      <LoginLinkDialog open={open?.kind === 'link'} onClose={() => setOpen(undefined)} />
      <ConfirmDialog
        open={removing !== undefined}
        onClose={() => setOpen(undefined)}
        title={`Remove account “${removing?.username ?? ''}”?`}
        confirmLabel="Remove account"
        busy={remove.isPending}
        onConfirm={() => removing && remove.mutate(removing.id)}
      >
        This person can no longer sign in. What they did stays in the record.
      </ConfirmDialog>
    </Panel>
  );
}

interface AccountItemProps {
  account: AccountResponse;
  onEdit: () => void;
  onRemove: () => void;
}

function AccountItem({ account, onEdit, onRemove }: AccountItemProps) {
  const client = useQueryClient();
  const isMe = useQuery(meQuery).data?.username === account.username;
  const enable = useMutation({
    mutationFn: (enabled: boolean) => updateAccount({ account_id: account.id, enabled }),
    meta: { failure: 'The account was not changed' },
    onSuccess: () => client.invalidateQueries({ queryKey: accountsQuery.queryKey }),
  });
  return (
    <li data-testid="account-row" className="flex items-center gap-4 px-4 py-3">
      <Switch
        label={`Account ${account.username} enabled`}
        checked={enable.isPending ? enable.variables : account.enabled}
        disabled={isMe || enable.isPending}
        onChange={(on) => enable.mutate(on)}
      />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          {account.username}
          {isMe && <span className="font-normal text-ink-3"> (you)</span>}
        </p>
        <p className="text-xs text-ink-3 capitalize">{account.role}</p>
      </div>
      <Button
        variant="ghost"
        size="icon"
        aria-label={`Edit account ${account.username}`}
        onClick={onEdit}
        icon={<Pencil aria-hidden className="size-4" />}
      />
      <Button
        variant="ghost"
        size="icon"
        aria-label={`Remove account ${account.username}`}
        disabled={isMe}
        onClick={onRemove}
        icon={<Trash2 aria-hidden className="size-4" />}
      />
    </li>
  );
}
