import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import {
  Bell,
  Boxes,
  Coins,
  Gauge,
  LayoutDashboard,
  ListChecks,
  type LucideIcon,
  Plug,
  Settings,
} from 'lucide-react';

import { recentAlertsQuery } from '@/api/alerts';

import { AlertBell } from './AlertBell';
import { LiveMark } from './LiveMark';
import { Logo } from './Logo';
import { MobileMenu } from './MobileMenu';
import { SessionMenu } from './SessionMenu';
import { useLive } from './useLive';
import { useScreensAtHand } from './useScreensAtHand';

export interface Place {
  to: '/' | '/models' | '/checks' | '/providers' | '/benchmarks' | '/costs' | '/alerts' | '/settings';
  label: string;
  Icon: LucideIcon;
}

const PLACES: readonly Place[] = [
  { to: '/', label: 'Overview', Icon: LayoutDashboard },
  { to: '/models', label: 'Models', Icon: Boxes },
  { to: '/checks', label: 'Checks', Icon: ListChecks },
  { to: '/providers', label: 'Providers', Icon: Plug },
  { to: '/benchmarks', label: 'Benchmarks', Icon: Gauge },
  { to: '/costs', label: 'Costs', Icon: Coins },
  { to: '/alerts', label: 'Alerts', Icon: Bell },
  { to: '/settings', label: 'Settings', Icon: Settings },
];

const linkClass =
  'flex items-center gap-2.5 rounded-md px-2.5 py-1.5 text-[0.8125rem] font-medium text-ink-2 transition-colors hover:bg-raised hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:text-ink';

function NavLink({ place: { to, label, Icon }, unread }: { place: Place; unread: number }) {
  return (
    <Link to={to} className={linkClass} activeOptions={{ exact: to === '/', includeSearch: false }}>
      <Icon aria-hidden className="size-4 shrink-0" />
      {label}
      {to === '/alerts' && unread > 0 && (
        <span className="ml-auto rounded-full bg-down-soft px-1.5 text-xs text-down">{unread}</span>
      )}
    </Link>
  );
}

/** The frame around every screen: navigation at the side, or at the foot of a small one. */
export function Shell() {
  const live = useLive();
  useScreensAtHand(live);
  const unread = useQuery(recentAlertsQuery).data?.total_unread ?? 0;
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only rounded-md bg-accent text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-70 focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface px-3 py-4 lg:flex">
        <div className="flex items-center gap-2.5 px-1.5">
          <Logo />
          <span className="text-[0.9375rem] font-semibold tracking-tight">ArgusLM</span>
        </div>
        <nav aria-label="Main" className="mt-6 flex flex-col gap-0.5">
          {PLACES.map((place) => (
            <NavLink key={place.to} place={place} unread={unread} />
          ))}
        </nav>
        <div className="mt-auto flex flex-col gap-2">
          <LiveMark status={live} />
          <div className="flex items-center gap-1 border-t border-line pt-2">
            <SessionMenu />
            <AlertBell />
          </div>
        </div>
      </aside>
      <header className="sticky top-0 z-30 flex items-center gap-2 border-b border-line bg-surface/95 px-4 py-2 backdrop-blur lg:hidden">
        <Logo className="size-6" />
        <span className="flex-1 font-semibold tracking-tight">ArgusLM</span>
        <LiveMark status={live} compact />
        <AlertBell />
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-400 min-w-0 px-4 pt-5 pb-24 outline-none sm:px-6 lg:pb-10"
      >
        <Outlet />
      </main>
      <MobileMenu places={PLACES} />
    </div>
  );
}
