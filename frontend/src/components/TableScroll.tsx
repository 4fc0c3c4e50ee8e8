import type { ReactNode } from 'react';

interface TableScrollProps {
  label: string;
  className?: string;
  children: ReactNode;
}

/**
 * Holds a table that may be wider or longer than its place, and scrolls by keyboard too. It is the
 * frame of what stands absolute inside, which would otherwise widen the page.
 */
export const TableScroll = ({ label, className = 'overflow-x-auto', children }: TableScrollProps) => (
  // What scrolls has to be reachable by keyboard.
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  <div role="region" aria-label={label} tabIndex={0} className={`relative ${className} focus-visible:-outline-offset-2`}>
    {children}
  </div>
);
