import { Popover } from '@base-ui/react/popover';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Bell, Check } from 'lucide-react';
import { useState } from 'react';

import { recentAlertsQuery } from '@/api/alerts';
import type { AlertResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { buttonClass } from '@/components/buttonClass';
import { Lasting } from '@/components/Lasting';
import { StateIcon } from '@/components/StateBadge';
import { Time } from '@/components/Time';
import { beganAt, causeOf } from '@/format/alerts';
import { plural } from '@/format/numbers';

import { useAcknowledge } from './useAcknowledge';
import { useMay } from './session';

/** The bell: how many alerts nobody has acknowledged, and the last ten. */
export function AlertBell() {
  const [open, setOpen] = useState(false);
  const { data } = useQuery(recentAlertsQuery);
  const acknowledge = useAcknowledge();
  const mayAcknowledge = useMay('operator');
  const unread = data?.total_unread ?? 0;
  const label = unread === 0 ? 'Alerts' : `Alerts, ${unread} not acknowledged`;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger
        aria-label={label}
        className={`${buttonClass({ variant: 'ghost', size: 'icon' })} relative`}
      >
        <Bell aria-hidden className="size-4" />
        {unread > 0 && (
          <span className="absolute -top-0.5 -right-0.5 min-w-4 rounded-full bg-down-bar px-1 text-center text-[0.625rem] leading-4 font-semibold text-white">
            {unread > 99 ? '99+' : unread}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner align="end" sideOffset={8} collisionPadding={8} className="z-40">
          <Popover.Popup className="flex max-h-[70dvh] w-88 max-w-[calc(100vw-1rem)] flex-col rounded-lg border border-line bg-surface shadow-pop outline-none">
            <Popover.Title className="border-b border-line px-3.5 py-2.5 text-[0.8125rem] font-semibold">
              {unread === 0 ? 'Recent alerts' : `${plural(unread, 'open alert')} not acknowledged`}
            </Popover.Title>
            {data?.items.length === 0 && (
              <p className="px-3.5 py-6 text-center text-[0.8125rem] text-ink-2">No alerts yet.</p>
            )}
            <ul className="min-h-0 flex-1 divide-y divide-line overflow-y-auto">
              {data?.items.map((alert) => (
                <li key={alert.id} className="flex items-start gap-2.5 px-3.5 py-2.5">
                  <StateIcon
                    state={alert.state === 'resolved' ? 'up' : 'down'}
                    className="mt-0.5 size-4"
                  />
                  <div className="min-w-0 flex-1 text-[0.8125rem] wrap-anywhere">
                    <p className={wantsSomebody(alert) ? 'font-medium' : 'text-ink-2'}>
                      {alert.model_name || alert.rule_name}
                      {alert.provider_name && <span className="font-normal text-ink-3"> at {alert.provider_name}</span>}
                    </p>
                    <p className="mt-0.5 text-xs text-ink-2">{causeOf(alert)}</p>
                    <p className="mt-0.5 text-xs text-ink-3">
                      <When alert={alert} />
                    </p>
                  </div>
                  {mayAcknowledge && wantsSomebody(alert) && (
                    <Button
                      variant="ghost"
                      size="icon"
                      aria-label={`Acknowledge alert of ${alert.model_name || alert.rule_name}`}
                      title="Acknowledge"
                      onClick={() => acknowledge.mutate(alert.id)}
                      icon={<Check aria-hidden className="size-4" />}
                    />
                  )}
                </li>
              ))}
            </ul>
            <Link
              to="/alerts"
              onClick={() => setOpen(false)}
              className="border-t border-line px-3.5 py-2.5 text-center text-[0.8125rem] font-medium text-accent hover:bg-raised"
            >
              All alerts and rules
            </Link>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

const wantsSomebody = (alert: AlertResponse) => alert.state === 'open' && !alert.acknowledged;

function When({ alert }: { alert: AlertResponse }) {
  const lasting = <Lasting from={beganAt(alert)} to={alert.resolved_at} />;
  return alert.resolved_at ? (
    <>
      over <Time at={alert.resolved_at} ago />, lasted {lasting}
    </>
  ) : (
    <>
      for {lasting}, since <Time at={beganAt(alert)} />
      {alert.acknowledged && ' · acknowledged'}
    </>
  );
}
