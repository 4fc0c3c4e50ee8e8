import { milliseconds } from '@/format/numbers';

import { type Phase, phasesOf, type Timing } from './phases';

const TONE: Record<Phase['tone'], string> = {
  1: 'bg-series-1',
  2: 'bg-series-2',
  3: 'bg-series-3',
  4: 'bg-unknown',
};

/** Where the time of one request went, to scale, with the numbers below. */
export function PhaseBar({ timing }: { timing: Timing }) {
  const phases = phasesOf(timing);
  if (phases.length === 0) return null;
  return (
    <div>
      <div aria-hidden className="flex h-3 gap-px overflow-hidden rounded">
        {phases.map((phase) => (
          <span key={phase.name} className={`min-w-0.5 ${TONE[phase.tone]}`} style={{ flexGrow: phase.ms, flexBasis: 0 }} />
        ))}
      </div>
      <ul aria-label="Phases of the request" className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">
        {phases.map((phase) => (
          <li key={phase.name} className="inline-flex items-center gap-1.5">
            <span aria-hidden className={`size-2 rounded-sm ${TONE[phase.tone]}`} />
            {phase.name} <span className="text-ink">{milliseconds(phase.ms)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
