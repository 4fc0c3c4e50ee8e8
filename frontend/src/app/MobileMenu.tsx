import { Popover } from '@base-ui/react/popover';
import { Link } from '@tanstack/react-router';
import { Menu } from 'lucide-react';
import { useState } from 'react';

import { SessionMenu } from './SessionMenu';
import type { Place } from './Shell';

const itemClass =
  'flex flex-1 flex-col items-center gap-0.5 rounded-md py-1.5 text-[0.6875rem] font-medium text-ink-2 aria-[current=page]:text-accent';

/** The foot of a small screen: four places, and the rest behind "More". */
export function MobileMenu({ places }: { places: readonly Place[] }) {
  const [open, setOpen] = useState(false);
  const first = places.filter(({ to }) => ['/', '/models', '/benchmarks', '/alerts'].includes(to));
  const rest = places.filter((place) => !first.includes(place));
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface/95 px-2 pb-[env(safe-area-inset-bottom)] backdrop-blur lg:hidden"
    >
      {first.map(({ to, label, Icon }) => (
        <Link key={to} to={to} className={itemClass} activeOptions={{ exact: to === '/', includeSearch: false }}>
          <Icon aria-hidden className="size-5" />
          {label}
        </Link>
      ))}
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className={itemClass}>
          <Menu aria-hidden className="size-5" />
          More
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner side="top" align="end" sideOffset={8} className="z-40">
            <Popover.Popup
              aria-label="More"
              className="w-56 rounded-lg border border-line bg-surface p-1.5 shadow-pop outline-none"
            >
              {rest.map(({ to, label, Icon }) => (
                <Link
                  key={to}
                  to={to}
                  onClick={() => setOpen(false)}
                  className="flex items-center gap-3 rounded-md px-3 py-2.5 font-medium text-ink-2 aria-[current=page]:bg-raised aria-[current=page]:text-ink"
                >
                  <Icon aria-hidden className="size-4.5" />
                  {label}
                </Link>
              ))}
              <div className="mt-1.5 border-t border-line pt-1.5">
                <SessionMenu />
              </div>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    </nav>
  );
}
