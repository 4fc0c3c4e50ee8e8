import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { AlertTab, SettingsTab } from '@/app/search';

/** Tabs are places with an address, so they are links. */
export const Tabs = ({ label, children }: { label: string; children: ReactNode }) => (
  <nav aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
    {children}
  </nav>
);

type TabLinkProps = { current: boolean; children: ReactNode } & (
  | { to: '/alerts'; search: { tab: AlertTab } }
  | { to: '/settings'; search: { tab: SettingsTab } }
);

export const TabLink = ({ current, children, ...place }: TabLinkProps) => (
  <Link
    {...place}
    replace
    aria-current={current ? 'page' : undefined}
    className="-mb-px border-b-2 border-transparent px-3 py-2 text-[0.8125rem] font-medium whitespace-nowrap text-ink-2 transition-colors hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:border-accent aria-[current=page]:text-ink"
  >
    {children}
  </Link>
);
