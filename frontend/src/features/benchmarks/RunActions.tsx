import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CircleStop, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { cancelBenchmark, removeBenchmark } from '@/api/benchmarks';
import type { BenchmarkRun } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { tellDone } from '@/components/toasts';

interface RunActionsProps {
  run: BenchmarkRun;
  ended: boolean;
}

/** Stop a run that lasts; remove one that has ended. */
export function RunActions({ run, ended }: RunActionsProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [removing, setRemoving] = useState(false);
  const mayChange = useMay('operator');
  const refresh = () => client.invalidateQueries({ queryKey: ['benchmarks'] });
  const cancel = useMutation({
    mutationFn: () => cancelBenchmark(run.id),
    meta: { failure: 'The run was not cancelled' },
    onSuccess: async () => {
      tellDone('Cancelling: requests under way still finish');
      await refresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => removeBenchmark(run.id),
    meta: { failure: 'The run was not removed' },
    onSuccess: async () => {
      tellDone(`${run.name} removed`);
      await navigate({ to: '/benchmarks' });
      await refresh();
    },
  });
  if (!mayChange) return null;
  if (!ended) {
    return (
      <Button
        busy={cancel.isPending}
        onClick={() => cancel.mutate()}
        icon={<CircleStop aria-hidden className="size-3.5" />}
      >
        Cancel run
      </Button>
    );
  }
  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Remove run"
        title="Remove run"
        onClick={() => setRemoving(true)}
        icon={<Trash2 aria-hidden className="size-4" />}
      />
      <ConfirmDialog
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove “${run.name}”?`}
        confirmLabel="Remove run"
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        Its results disappear from the history. This cannot be undone.
      </ConfirmDialog>
    </>
  );
}
