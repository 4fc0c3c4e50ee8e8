import { CircleCheck, CircleDashed, CirclePause, type LucideIcon, OctagonX, TriangleAlert } from 'lucide-react';

import type { CheckResponse, ModelState } from '@/api/types';
import { outcomeLabel, STATE_LABEL } from '@/format/outcomes';

// A state is told three ways: by colour, by shape and by its word.
const ICONS: Record<ModelState, LucideIcon> = {
  up: CircleCheck,
  degraded: TriangleAlert,
  down: OctagonX,
  unknown: CircleDashed,
  paused: CirclePause,
};

const INK: Record<ModelState, string> = {
  up: 'text-up',
  degraded: 'text-degraded',
  down: 'text-down',
  unknown: 'text-unknown',
  paused: 'text-unknown',
};

const SOFT: Record<ModelState, string> = {
  up: 'bg-up-soft text-up',
  degraded: 'bg-degraded-soft text-degraded',
  down: 'bg-down-soft text-down',
  unknown: 'bg-unknown-soft text-unknown',
  paused: 'bg-unknown-soft text-unknown',
};

interface StateIconProps {
  state: ModelState;
  className?: string;
}

export function StateIcon({ state, className = 'size-4' }: StateIconProps) {
  const Icon = ICONS[state];
  return <Icon aria-hidden className={`shrink-0 ${INK[state]} ${className}`} strokeWidth={2.2} />;
}

interface BadgeProps {
  state: ModelState;
  children?: string;
}

export function StateBadge({ state, children }: BadgeProps) {
  const Icon = ICONS[state];
  return (
    <span
      className={`inline-flex shrink-0 items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${SOFT[state]}`}
    >
      <Icon aria-hidden className="size-3.5" strokeWidth={2.2} />
      {children ?? STATE_LABEL[state]}
    </span>
  );
}

/** How one check counts, as a state: null verdicts say nothing about the endpoint. */
export function verdictOf(check: Pick<CheckResponse, 'available' | 'usable'>): ModelState {
  if (check.available === false) return 'down';
  if (check.usable === false) return 'degraded';
  return check.available ? 'up' : 'unknown';
}

export function OutcomeBadge({ check }: { check: CheckResponse }) {
  return <StateBadge state={verdictOf(check)}>{outcomeLabel(check.measurement.outcome)}</StateBadge>;
}
