import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { apiKeysQuery, revokeApiKey } from '@/api/auth';
import type { ApiKeyResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Time } from '@/components/Time';
import { tellDone } from '@/components/toasts';

import { ApiKeyDialog } from './ApiKeyDialog';

/** Keys for programs. Only their hashes are stored. */
export function ApiKeysTab() {
  const client = useQueryClient();
  const keys = useQuery(apiKeysQuery);
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<ApiKeyResponse>();
  const revoke = useMutation({
    mutationFn: revokeApiKey,
    meta: { failure: 'The key was not revoked' },
    onSuccess: async () => {
      tellDone('Key revoked');
      setRevoking(undefined);
      await client.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
    },
  });
  const add = (
    <Button variant="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setAdding(true)}>
      Create key
    </Button>
  );
  const items = keys.data?.items;
  return (
    <Panel
      title="API keys"
      description="For programs: sent as “Authorization: Bearer …”."
      actions={items?.length !== 0 && add}
    >
      {keys.isPending && <SkeletonRows rows={3} />}
      {keys.error && !items && <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />}
      {items?.length === 0 && (
        <EmptyState icon={<KeyRound aria-hidden />} title="No API keys" action={add}>
          Create one for the SDK, the command line or a dashboard of your own.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {items?.map((key) => (
          <li key={key.id} data-testid="api-key-row" className="flex items-center gap-4 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="truncate font-medium">{key.name}</p>
              <p className="text-xs text-ink-3">
                <span className="capitalize">{key.role}</span> · ends in <code>{key.hint}</code> · created{' '}
                <Time at={key.created_at} />
                {key.expires_at && (
                  <>
                    {' '}
                    · expires <Time at={key.expires_at} />
                  </>
                )}
              </p>
            </div>
            <Button
              variant="ghost"
              size="icon"
              aria-label={`Revoke key ${key.name}`}
              title="Revoke"
              onClick={() => setRevoking(key)}
              icon={<Trash2 aria-hidden className="size-4" />}
            />
          </li>
        ))}
      </ul>
      <ApiKeyDialog open={adding} onClose={() => setAdding(false)} />
      <ConfirmDialog
        open={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title={`Revoke key “${revoking?.name ?? ''}”?`}
        confirmLabel="Revoke key"
        busy={revoke.isPending}
        onConfirm={() => revoking && revoke.mutate(revoking.id)}
      >
        Programs that use it are refused from now on. This cannot be undone.
      </ConfirmDialog>
    </Panel>
  );
}
