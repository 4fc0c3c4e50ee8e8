import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { BellOff, Check } from 'lucide-react';

import { ALERTS_PER_PAGE, alertsQuery } from '@/api/alerts';
import type { AlertResponse, ModelState } from '@/api/types';
import { useMay } from '@/app/session';
import { useAcknowledge } from '@/app/useAcknowledge';
import { Button } from '@/components/Button';
import { Lasting } from '@/components/Lasting';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Pager } from '@/components/Pager';
import { Panel } from '@/components/Panel';
import { StateBadge } from '@/components/StateBadge';
import { Time } from '@/components/Time';
import { beganAt, causeOf, closedBecause } from '@/format/alerts';
import { outcomeLabel } from '@/format/outcomes';

import { Notifications } from './Notifications';

const route = getRouteApi('/house/alerts');

export function AlertList({ state }: { state: 'open' | 'resolved' }) {
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const alerts = useQuery(alertsQuery(state, page));
  const { data } = alerts;
  return (
    <Panel>
      {alerts.isPending && <SkeletonRows />}
      {alerts.error && !data && <ErrorState error={alerts.error} onRetry={() => void alerts.refetch()} />}
      {data?.items.length === 0 && (
        <EmptyState
          icon={<BellOff aria-hidden />}
          title={state === 'open' ? 'Nothing is wrong right now' : 'No past alerts'}
        >
          {state === 'open'
            ? 'When a rule finds a model down, it stands here until it has recovered.'
            : 'Alerts come here once what they told of is over.'}
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {data?.items.map((alert) => (
          <AlertItem key={alert.id} alert={alert} />
        ))}
      </ul>
      {data && (
        <Pager
          page={page}
          perPage={ALERTS_PER_PAGE}
          total={data.total}
          onPage={(to) => void navigate({ search: (before) => ({ ...before, page: to }) })}
        />
      )}
    </Panel>
  );
}

const SEVERITY: Record<string, ModelState> = { critical: 'down', warning: 'degraded', info: 'unknown' };

function AlertItem({ alert }: { alert: AlertResponse }) {
  const mayAcknowledge = useMay('operator');
  const acknowledge = useAcknowledge();
  const state = alert.state === 'resolved' ? 'up' : (SEVERITY[alert.severity] ?? 'down');
  const began = beganAt(alert);
  return (
    <li data-testid="alert-row" data-state={alert.state} className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3">
      <div className="w-24 shrink-0">
        <StateBadge state={state}>{alert.state === 'resolved' ? 'Resolved' : outcomeLabel(alert.severity)}</StateBadge>
      </div>
      <div className="min-w-0 flex-1 basis-64 wrap-anywhere">
        <p className="font-medium">
          {alert.model_id ? (
            <Link to="/models/$modelId" params={{ modelId: alert.model_id }} className="hover:text-accent">
              {alert.model_name}
            </Link>
          ) : (
            alert.model_name || alert.rule_name
          )}
          {alert.provider_name && <span className="font-normal text-ink-3"> at {alert.provider_name}</span>}
        </p>
        <p className="mt-0.5 text-[0.8125rem] text-ink-2">{causeOf(alert)}</p>
        <p className="mt-1 flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-ink-3">
          <span>
            {alert.resolved_at ? 'lasted ' : 'for '}
            <span className="font-medium text-ink-2">
              <Lasting from={began} to={alert.resolved_at} />
            </span>
            , since <Time at={began} />
          </span>
          {alert.resolved_at && (
            <span>
              {alert.resolve_reason ? closedBecause(alert.resolve_reason) : 'over'} <Time at={alert.resolved_at} />
            </span>
          )}
          <span>rule: {alert.rule_name}</span>
        </p>
        <Notifications records={alert.notifications} />
      </div>
      {alert.acknowledged ? (
        <p className="flex items-center gap-1.5 text-xs text-ink-3">
          <Check aria-hidden className="size-3.5" />
          {alert.acknowledged_by ? `Acknowledged by ${alert.acknowledged_by}` : 'Acknowledged'}
        </p>
      ) : (
        mayAcknowledge &&
        alert.state === 'open' && (
          <Button
            size="sm"
            busy={acknowledge.isPending}
            onClick={() => acknowledge.mutate(alert.id)}
            icon={<Check aria-hidden className="size-3.5" />}
          >
            Acknowledge
          </Button>
        )
      )}
    </li>
  );
}
