import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { catalogQuery, updateProvider } from '@/api/providers';
import type { ProviderResponse, ProviderSpec } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { Skeleton } from '@/components/Notice';
import { tellDone } from '@/components/toasts';

import { draftOf, faultsIn, updateCommand } from './draft';
import { ProviderFields } from './ProviderFields';
import { useTakenNames } from './useTakenNames';

interface EditProviderDialogProps {
  provider: ProviderResponse;
  open: boolean;
  onClose: () => void;
}

/** Nothing is sent before Save, and then only the fields that changed. */
export function EditProviderDialog({ provider, open, onClose }: EditProviderDialogProps) {
  const catalog = useQuery({ ...catalogQuery, enabled: open });
  const spec = catalog.data?.providers[provider.provider_type] ?? specOfUnlisted(provider);
  return (
    <Dialog open={open} onClose={onClose} title={`Edit ${provider.display_name}`} description={spec.label}>
      {catalog.isPending ? (
        <DialogBody>
          <Skeleton className="h-8.5 w-full" />
        </DialogBody>
      ) : (
        <EditForm provider={provider} spec={spec} onClose={onClose} />
      )}
    </Dialog>
  );
}

/** A type the catalogue does not list can still be edited: show what the provider has. */
const specOfUnlisted = (provider: ProviderResponse): ProviderSpec => ({
  id: provider.provider_type,
  label: provider.provider_type,
  tested: false,
  requires_api_key: true,
  requires_base_url: Boolean(provider.base_url),
  requires_region: Boolean(provider.region),
  show_org_fields: false,
  region_options: [],
  api_key_label: 'API key',
  base_url_label: provider.base_url ? 'Base URL' : null,
  further_fields: [],
  key_choices: [],
  needs: [],
  route: 'captured',
  verified: 'unverified',
});

interface EditFormProps {
  provider: ProviderResponse;
  spec: ProviderSpec;
  onClose: () => void;
}

function EditForm({ provider, spec, onClose }: EditFormProps) {
  const client = useQueryClient();
  const [before] = useState(() => draftOf(provider));
  const [draft, setDraft] = useState(before);
  const save = useMutation({
    mutationFn: updateProvider,
    meta: { failure: null },
    onSuccess: (saved) => {
      client.setQueryData(['providers', provider.id], saved);
      void client.invalidateQueries({ queryKey: ['providers'] });
      void client.invalidateQueries({ queryKey: ['overview'] });
      tellDone(`${saved.display_name} saved`);
      onClose();
    },
  });
  const keepsKey = provider.has_credentials;
  const taken = useTakenNames(provider.id);
  const faults = faultsIn(draft, spec, { keepsKey, taken });
  const command = updateCommand(before, draft);
  const changed = Object.keys(command).length > 0;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (changed && Object.keys(faults).length === 0) save.mutate({ provider_id: provider.id, ...command });
  };
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <ProviderFields spec={spec} draft={draft} errors={faults} keepsKey={keepsKey} onChange={setDraft} />
        {save.error && (
          <p role="alert" className="rounded-md bg-down-soft px-3 py-2 text-[0.8125rem] text-down">
            {save.error.message}
          </p>
        )}
      </DialogBody>
      <DialogFooter>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" disabled={!changed} busy={save.isPending}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
