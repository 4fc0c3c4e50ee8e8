import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type SyntheticEvent, useMemo, useState } from 'react';

import { ApiProblem } from '@/api/problem';
import { catalogQuery, createProvider, testNewProvider } from '@/api/providers';
import type { ProviderSpec } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { ErrorState, Skeleton } from '@/components/Notice';
import { showFirstFault } from '@/components/showFirstFault';

import { createCommand, draftFor, EMPTY_DRAFT, faultsIn } from './draft';
import { ProviderFields } from './ProviderFields';
import { TestResult } from './TestResult';
import { TypePicker } from './TypePicker';
import { useTakenNames } from './useTakenNames';

interface AddProviderDialogProps {
  open: boolean;
  onClose: () => void;
}

export function AddProviderDialog({ open, onClose }: AddProviderDialogProps) {
  const catalog = useQuery(catalogQuery);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Add provider"
      description="Its models are found by themselves; you choose next which ones to watch."
    >
      {catalog.error && <ErrorState error={catalog.error} onRetry={() => void catalog.refetch()} />}
      {catalog.isPending && (
        <DialogBody>
          <Skeleton className="h-8.5 w-full" />
        </DialogBody>
      )}
      {catalog.data && <AddProviderForm catalog={catalog.data.providers} onClose={onClose} />}
    </Dialog>
  );
}

function useCreate() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: createProvider,
    meta: { failure: null },
    onSuccess: async ({ id }) => {
      void client.invalidateQueries({ queryKey: ['providers'] });
      void client.invalidateQueries({ queryKey: ['overview'] });
      await navigate({ to: '/providers/$providerId', params: { providerId: id }, search: { added: true } });
    },
  });
}

interface AddProviderFormProps {
  catalog: Record<string, ProviderSpec>;
  onClose: () => void;
}

function AddProviderForm({ catalog, onClose }: AddProviderFormProps) {
  const specs = useMemo(() => Object.values(catalog), [catalog]);
  const [spec, setSpec] = useState<ProviderSpec | null>(null);
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [submitted, setSubmitted] = useState(false);
  const create = useCreate();
  const test = useMutation({ mutationFn: testNewProvider, meta: { failure: null } });
  const taken = useTakenNames();
  const faults = spec ? faultsIn(draft, spec, { taken }) : {};
  const problem = create.error ?? test.error;

  const attempt = (send: (spec: ProviderSpec) => void) => {
    setSubmitted(true);
    if (spec && Object.keys(faults).length === 0) send(spec);
  };
  const submit = (event: SyntheticEvent<HTMLElement>) => {
    event.preventDefault();
    if (Object.keys(faults).length > 0) showFirstFault(event.currentTarget);
    attempt((chosen) => create.mutate(createCommand(draft, chosen)));
  };
  const choose = (next: ProviderSpec | null) => {
    setSpec(next);
    setSubmitted(false);
    test.reset();
    if (next) setDraft(draftFor(next, draft, spec ?? undefined));
  };

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <TypePicker specs={specs} value={spec} onChange={choose} />
        {spec && (
          <ProviderFields
            spec={spec}
            draft={draft}
            errors={submitted ? faults : {}}
            onChange={(next) => {
              setDraft(next);
              test.reset();
            }}
          />
        )}
        {test.data && <TestResult result={test.data} />}
        {problem && (
          <p role="alert" className="rounded-md bg-down-soft px-3 py-2 text-[0.8125rem] text-down">
            {problem instanceof ApiProblem ? problem.message : 'That did not work.'}
          </p>
        )}
      </DialogBody>
      <DialogFooter>
        <Button
          className="mr-auto"
          disabled={!spec}
          busy={test.isPending}
          onClick={() => attempt((chosen) => test.mutate(createCommand(draft, chosen)))}
        >
          Test connection
        </Button>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" disabled={!spec} busy={create.isPending}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
