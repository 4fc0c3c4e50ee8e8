import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Pencil, Radar, Trash2, Zap } from 'lucide-react';
import { useState } from 'react';

import { discoverModels, removeProvider, testProvider, updateProvider } from '@/api/providers';
import type { ProviderResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { Dialog, DialogBody } from '@/components/Dialog';
import { Skeleton } from '@/components/Notice';
import { Switch } from '@/components/Switch';
import { tellDone, tellFailed } from '@/components/toasts';
import { plural } from '@/format/numbers';

import { EditProviderDialog } from './EditProviderDialog';
import { TestResult } from './TestResult';

type Open = 'edit' | 'test' | 'remove' | undefined;

/** Everything that can be done to one provider. */
export function ProviderActions({ provider }: { provider: ProviderResponse }) {
  const client = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const mayChange = useMay('operator');
  const refresh = () =>
    Promise.all(['providers', 'models', 'overview'].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const test = useMutation({ mutationFn: () => testProvider(provider.id), meta: { failure: null } });
  const discover = useMutation({
    mutationFn: () => discoverModels(provider.id),
    meta: { failure: 'Discovery failed' },
    onSuccess: async ({ success, message, models_added, models_discovered }) => {
      await refresh();
      if (!success) tellFailed('Discovery failed', new Error(message));
      else tellDone(`${plural(models_discovered, 'model')} found, ${models_added} new`);
    },
  });
  const enable = useMutation({
    mutationFn: (enabled: boolean) => updateProvider({ provider_id: provider.id, enabled }),
    meta: { failure: 'The provider was not changed' },
    onSuccess: refresh,
  });
  if (!mayChange) return null;
  return (
    <>
      <Switch
        label="Enabled"
        showLabel
        checked={enable.isPending ? enable.variables : provider.enabled}
        disabled={enable.isPending}
        onChange={(enabled) => enable.mutate(enabled)}
      />
      <Button
        onClick={() => {
          setOpen('test');
          test.mutate();
        }}
        icon={<Zap aria-hidden className="size-3.5" />}
      >
        Test connection
      </Button>
      <Button
        busy={discover.isPending}
        onClick={() => discover.mutate()}
        icon={<Radar aria-hidden className="size-3.5" />}
      >
        Discover again
      </Button>
      <Button onClick={() => setOpen('edit')} icon={<Pencil aria-hidden className="size-3.5" />}>
        Edit
      </Button>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Remove provider"
        title="Remove provider"
        onClick={() => setOpen('remove')}
        icon={<Trash2 aria-hidden className="size-4" />}
      />
      <EditProviderDialog provider={provider} open={open === 'edit'} onClose={() => setOpen(undefined)} />
      <Dialog open={open === 'test'} onClose={() => setOpen(undefined)} title="Test connection">
        <DialogBody>
          {test.isPending && <Skeleton className="h-14 w-full" />}
          {test.data && <TestResult result={test.data} />}
          {test.error && <p role="alert">{test.error.message}</p>}
        </DialogBody>
      </Dialog>
      <RemoveProvider provider={provider} open={open === 'remove'} onClose={() => setOpen(undefined)} />
    </>
  );
}

interface RemoveProviderProps {
  provider: ProviderResponse;
  open: boolean;
  onClose: () => void;
}

function RemoveProvider({ provider, open, onClose }: RemoveProviderProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => removeProvider(provider.id),
    meta: { failure: 'The provider was not removed' },
    onSuccess: async () => {
      tellDone(`${provider.display_name} removed`);
      await navigate({ to: '/providers' });
      client.removeQueries({ queryKey: ['providers', provider.id] });
      for (const key of ['providers', 'provider-offers', 'models', 'overview']) {
        void client.invalidateQueries({ queryKey: [key] });
      }
    },
  });
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Remove ${provider.display_name}?`}
      confirmLabel="Remove provider"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
    >
      Its {plural(provider.model_count, 'model')} will no longer be watched, and its key is destroyed.
      This cannot be undone.
    </ConfirmDialog>
  );
}
