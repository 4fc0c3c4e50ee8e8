import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ChevronRight, Plug, Plus } from 'lucide-react';

import { providersQuery } from '@/api/providers';
import type { ProviderResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { PageHeader, Panel } from '@/components/Panel';
import { StateBadge } from '@/components/StateBadge';
import { plural } from '@/format/numbers';

import { AddProviderDialog } from './AddProviderDialog';
import { Offers } from './Offers';
import { useTypeLabel } from './useTypeLabel';

const route = getRouteApi('/house/providers');

export function ProvidersPage() {
  const { add } = route.useSearch();
  const navigate = route.useNavigate();
  const providers = useQuery(providersQuery);
  const mayChange = useMay('operator');
  const show = (open: boolean) => void navigate({ search: { add: open || undefined } });
  const addButton = mayChange && (
    <Button variant="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => show(true)}>
      Add provider
    </Button>
  );
  const list = providers.data?.providers;
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        title="Providers"
        subtitle="Accounts at LLM vendors, and servers of your own."
        actions={list?.length !== 0 && addButton}
      />
      <Panel>
        {providers.isPending && <SkeletonRows />}
        {providers.error && !list && (
          <ErrorState error={providers.error} onRetry={() => void providers.refetch()} />
        )}
        {list?.length === 0 && (
          <EmptyState icon={<Plug aria-hidden />} title="No provider yet" action={addButton}>
            Add an account at a vendor, an Ollama or vLLM server, or anything that speaks the OpenAI
            protocol.
          </EmptyState>
        )}
        <ul className="divide-y divide-line">
          {list?.map((provider) => (
            <ProviderRow key={provider.id} provider={provider} />
          ))}
        </ul>
      </Panel>
      {mayChange && <Offers />}
      {mayChange && <AddProviderDialog open={add === true} onClose={() => show(false)} />}
    </div>
  );
}

function ProviderRow({ provider }: { provider: ProviderResponse }) {
  const typeLabel = useTypeLabel();
  const { discovery } = provider;
  return (
    <li
      data-testid="provider-row"
      className="relative flex items-center gap-4 px-4 py-3 transition-colors hover:bg-raised/60"
    >
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-1.5">
        <div className="min-w-0 flex-1 basis-44">
          <Link
            to="/providers/$providerId"
            params={{ providerId: provider.id }}
            className="font-medium wrap-anywhere after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:-outline-offset-2 focus-visible:after:outline-2 focus-visible:after:outline-accent"
          >
            {provider.display_name}
          </Link>
          <p className="truncate text-xs text-ink-3">
            {typeLabel(provider.provider_type)}
            {provider.base_url && <> · {provider.base_url}</>}
            {provider.region && <> · {provider.region}</>}
          </p>
        </div>
        {discovery && discovery.outcome !== 'ok' && <StateBadge state="degraded">Discovery failed</StateBadge>}
        {!provider.enabled && <StateBadge state="paused">Disabled</StateBadge>}
      </div>
      <p className="text-right text-xs whitespace-nowrap text-ink-2">
        {plural(provider.model_count, 'model')}
        <br />
        <span className="text-ink-3">{provider.monitored_count} watched</span>
      </p>
      <ChevronRight aria-hidden className="size-4 text-ink-3" />
    </li>
  );
}
