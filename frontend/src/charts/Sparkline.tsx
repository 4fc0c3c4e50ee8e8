import { useMemo } from 'react';

import { sparkPaths } from './sparkPaths';

interface SparklineProps {
  values: readonly (number | null | undefined)[];
  className?: string;
}

/** A small line from zero up, one place per slot; it breaks where a slot has no value. */
export function Sparkline({ values, className = 'h-5' }: SparklineProps) {
  const { line, area } = useMemo(() => sparkPaths(values), [values]);
  return (
    <svg
      aria-hidden
      viewBox={`0 0 ${values.length} 1`}
      preserveAspectRatio="none"
      className={`block w-full overflow-visible text-series-1 ${className}`}
    >
      <path d={area} className="fill-current opacity-12" />
      <path
        d={line}
        className="fill-none stroke-current"
        strokeWidth={1.5}
        strokeLinecap="round"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
