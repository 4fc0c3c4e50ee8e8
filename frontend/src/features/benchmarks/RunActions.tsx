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
  const [asking, setAsking] = useState<'stop' | 'remove'>();
  const mayChange = useMay('operator');
  const refresh = () => client.invalidateQueries({ queryKey: ['benchmarks'] });
  const cancel = useMutation({
    mutationFn: () => cancelBenchmark(run.id),
    meta: { failure: 'The run was not cancelled' },
    onSettled: () => setAsking(undefined),
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
      <>
        <Button onClick={() => setAsking('stop')} icon={<CircleStop aria-hidden className="size-3.5" />}>
          Stop run
        </Button>
        <ConfirmDialog
          open={asking === 'stop'}
          onClose={() => setAsking(undefined)}
          title={`Stop “${run.name}”?`}
          confirmLabel="Stop run"
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate()}
        >
          What was measured so far is kept. A stopped run cannot go on.
        </ConfirmDialog>
      </>
    );
  }
  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Remove run"
        title="Remove run"
        onClick={() => setAsking('remove')}
        icon={<Trash2 aria-hidden className="size-4" />}
      />
      <ConfirmDialog
        open={asking === 'remove'}
        onClose={() => setAsking(undefined)}
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
