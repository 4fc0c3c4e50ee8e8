import type { ModelState } from '@/api/types';
import { StateBadge } from '@/components/StateBadge';

const LOOK: Record<string, [ModelState, string]> = {
  pending: ['unknown', 'Waiting'],
  running: ['degraded', 'Running'],
  completed: ['up', 'Completed'],
  failed: ['down', 'Failed'],
  cancelling: ['paused', 'Cancelling'],
  cancelled: ['paused', 'Cancelled'],
};

export function RunStatus({ status }: { status: string }) {
  const [state, label] = LOOK[status] ?? ['unknown', status];
  if (status !== 'running') return <StateBadge state={state}>{label}</StateBadge>;
  return (
    <span className="inline-flex items-center gap-1.5 rounded-full bg-accent-soft px-2 py-0.5 text-xs font-medium text-accent">
      <span aria-hidden className="size-2 animate-breathe rounded-full bg-accent" />
      {label}
    </span>
  );
}

interface ProgressProps {
  completed: number;
  total: number;
  label: string;
  className?: string;
}

export function Progress({ completed, total, label, className = '' }: ProgressProps) {
  const share = total > 0 ? Math.min(1, completed / total) : 0;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={completed}
      className={`h-1.5 w-full overflow-hidden rounded-full bg-raised ${className}`}
    >
      <div
        className="h-full origin-left rounded-full bg-accent transition-transform duration-200"
        style={{ transform: `scaleX(${share})` }}
      />
    </div>
  );
}
