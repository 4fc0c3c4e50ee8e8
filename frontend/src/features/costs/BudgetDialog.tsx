import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { budgetsQuery, createBudget, updateBudget } from '@/api/costs';
import { faultAt } from '@/api/problem';
import type { BudgetResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField } from '@/components/Field';
import { ScopeField } from '@/components/ScopeField';
import { tellDone } from '@/components/toasts';

interface BudgetDialogProps {
  budget: BudgetResponse | undefined;
  open: boolean;
  onClose: () => void;
}

export function BudgetDialog({ budget, open, onClose }: BudgetDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={budget ? 'Edit budget' : 'Add budget'}>
      <BudgetForm budget={budget} onClose={onClose} />
    </Dialog>
  );
}

function BudgetForm({ budget, onClose }: Omit<BudgetDialogProps, 'open'>) {
  const client = useQueryClient();
  const [name, setName] = useState(budget?.name ?? '');
  const [usdPerDay, setUsdPerDay] = useState(budget?.usd_per_day.toString() ?? '');
  const [scope, setScope] = useState('');
  const save = useMutation({
    mutationFn: () => {
      const given = { name: name.trim(), usd_per_day: Number(usdPerDay) };
      if (budget) return updateBudget({ budget_id: budget.id, revision: budget.revision, ...given });
      const [kind, id] = scope.split(':');
      return createBudget({
        ...given,
        provider_id: kind === 'provider' ? id : null,
        model_id: kind === 'model' ? id : null,
      });
    },
    meta: { failure: null },
    onSuccess: async (saved) => {
      tellDone(`${saved.name} saved`);
      onClose();
      await client.invalidateQueries({ queryKey: budgetsQuery.queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <InputField
          label="Name"
          required
          maxLength={255}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={faultAt('name', save.error)}
        />
        <InputField
          label="US dollars per day"
          required
          type="number"
          inputMode="decimal"
          min={0}
          step="any"
          hint="A day in UTC."
          value={usdPerDay}
          onChange={(event) => setUsdPerDay(event.target.value)}
          error={faultAt('usd_per_day', save.error)}
        />
        {!budget && <ScopeField everything="Everything" value={scope} onChange={setScope} />}
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
        <Button
          type="submit"
          variant="primary"
          disabled={!name.trim() || !(Number(usdPerDay) > 0)}
          busy={save.isPending}
        >
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
