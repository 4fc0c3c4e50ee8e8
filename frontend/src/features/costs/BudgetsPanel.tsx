import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, Plus, Trash2, Wallet } from 'lucide-react';
import { useState } from 'react';

import { budgetsQuery, removeBudget } from '@/api/costs';
import type { BudgetResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { useScope } from '@/app/useScope';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { tellDone } from '@/components/toasts';
import { dollars, percent, plural } from '@/format/numbers';

import { BudgetDialog } from './BudgetDialog';
import { usedRatio } from './costsInWords';

type Open = { kind: 'edit'; budget: BudgetResponse | undefined } | { kind: 'remove'; budget: BudgetResponse };

/** What may be spent today, and how much of it is. */
export function BudgetsPanel() {
  const client = useQueryClient();
  const budgets = useQuery(budgetsQuery);
  const mayChange = useMay('operator');
  const [open, setOpen] = useState<Open>();
  const remove = useMutation({
    mutationFn: removeBudget,
    meta: { failure: 'The budget was not removed' },
    onSuccess: async () => {
      tellDone('Budget removed');
      setOpen(undefined);
      await client.invalidateQueries({ queryKey: budgetsQuery.queryKey });
    },
  });
  const add = mayChange && (
    <Button
      variant="primary"
      icon={<Plus aria-hidden className="size-4" />}
      onClick={() => setOpen({ kind: 'edit', budget: undefined })}
    >
      Add budget
    </Button>
  );
  const items = budgets.data?.items;
  const removing = open?.kind === 'remove' ? open.budget : undefined;
  return (
    <Panel
      title="Budgets"
      description="A check that a budget might not cover is not sent. A day is UTC’s."
      actions={items?.length !== 0 && add}
    >
      {budgets.isPending && <SkeletonRows rows={2} />}
      {budgets.error && !items && <ErrorState error={budgets.error} onRetry={() => void budgets.refetch()} />}
      {items?.length === 0 && (
        <EmptyState icon={<Wallet aria-hidden />} title="No budgets yet" action={add}>
          Without one, checks are sent whatever they cost.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {items?.map((budget) => (
          <BudgetItem
            key={budget.id}
            budget={budget}
            mayChange={mayChange}
            onEdit={() => setOpen({ kind: 'edit', budget })}
            onRemove={() => setOpen({ kind: 'remove', budget })}
          />
        ))}
      </ul>
      <BudgetDialog
        open={open?.kind === 'edit'}
        budget={open?.kind === 'edit' ? open.budget : undefined}
        onClose={() => setOpen(undefined)}
      />
      <ConfirmDialog
        open={removing !== undefined}
        onClose={() => setOpen(undefined)}
        title={`Remove budget “${removing?.name ?? ''}”?`}
        confirmLabel="Remove budget"
        busy={remove.isPending}
        onConfirm={() => removing && remove.mutate(removing.id)}
      >
        Nothing is held back for it any more.
      </ConfirmDialog>
    </Panel>
  );
}

interface BudgetItemProps {
  budget: BudgetResponse;
  mayChange: boolean;
  onEdit: () => void;
  onRemove: () => void;
}

function BudgetItem({ budget, mayChange, onEdit, onRemove }: BudgetItemProps) {
  const scope = useScope(budget, 'Everything');
  return (
    <li data-testid="budget-row" className="flex items-center gap-4 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{budget.name}</p>
        <p className="text-xs text-ink-3">
          {scope} · {dollars(budget.used_usd)} of {dollars(budget.usd_per_day)} used today
          {budget.booked_usd > 0 && `, ${dollars(budget.booked_usd)} of it by benchmarks`}
          {budget.unpriced > 0 && ` · ${plural(budget.unpriced, 'check')} without a known price`}
        </p>
      </div>
      <Meter budget={budget} />
      {mayChange && (
        <>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Edit budget ${budget.name}`}
            onClick={onEdit}
            icon={<Pencil aria-hidden className="size-4" />}
          />
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove budget ${budget.name}`}
            onClick={onRemove}
            icon={<Trash2 aria-hidden className="size-4" />}
          />
        </>
      )}
    </li>
  );
}

function Meter({ budget }: { budget: BudgetResponse }) {
  const ratio = usedRatio(budget);
  const tone = ratio >= 0.95 ? 'bg-down' : ratio >= 0.8 ? 'bg-degraded' : 'bg-accent';
  return (
    <div className="flex w-28 items-center gap-2 max-sm:w-16">
      <div
        role="meter"
        aria-label={`Used of ${budget.name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(ratio * 100)}
        className="h-1.5 flex-1 overflow-hidden rounded-full bg-raised"
      >
        <div className={`h-full ${tone}`} style={{ width: `${ratio * 100}%` }} />
      </div>
      <span className="text-xs text-ink-2">{percent(ratio)}</span>
    </div>
  );
}
