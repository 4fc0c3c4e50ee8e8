import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';

import { providerQuery, providersQuery } from '@/api/providers';
import type { ProviderResponse } from '@/api/types';
import { SkeletonRows } from '@/components/Notice';
import { PageError } from '@/components/PageError';
import { PageHeader } from '@/components/Panel';
import { StateBadge } from '@/components/StateBadge';
import { Time } from '@/components/Time';
import { plural } from '@/format/numbers';
import { outcomeLabel } from '@/format/outcomes';

import { ProviderActions } from './ProviderActions';
import { ProviderModels } from './ProviderModels';
import { useTypeLabel } from './useTypeLabel';

const route = getRouteApi('/house/providers/$providerId');
/** While a new provider is asked for its models, look again this often. */
const DISCOVERY_POLL_MS = 1_000;

export function ProviderPage() {
  const { providerId } = route.useParams();
  const { added } = route.useSearch();
  const client = useQueryClient();
  const provider = useQuery({
    ...providerQuery(providerId),
    placeholderData: () => known(client.getQueryData(providersQuery.queryKey), providerId),
    refetchInterval: ({ state }) => (added && state.data && !state.data.discovery ? DISCOVERY_POLL_MS : false),
  });
  const { data, error } = provider;
  return (
    <div className="flex flex-col gap-4">
      <Link
        to="/providers"
        className="inline-flex items-center gap-1.5 self-start text-xs font-medium text-ink-2 hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-3.5" />
        Providers
      </Link>
      {error && !data && <PageError subject="provider" error={error} onRetry={() => void provider.refetch()} />}
      {provider.isPending && <SkeletonRows rows={4} />}
      {data && (
        <>
          <PageHeader
            title={data.display_name}
            subtitle={<Facts provider={data} />}
            actions={<ProviderActions provider={data} />}
          />
          {added && <NextStep provider={data} />}
          <ProviderModels provider={data} />
        </>
      )}
    </div>
  );
}

/** What the list of providers said already, so that the page stands at once. */
const known = (list: { providers: ProviderResponse[] } | undefined, providerId: string) =>
  list?.providers.find((provider) => provider.id === providerId);

function Facts({ provider }: { provider: ProviderResponse }) {
  const { discovery } = provider;
  const typeLabel = useTypeLabel();
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      {!provider.enabled && <StateBadge state="paused">Disabled</StateBadge>}
      <span>{typeLabel(provider.provider_type)}</span>
      {provider.base_url && <span className="break-all">{provider.base_url}</span>}
      {provider.region && <span>{provider.region}</span>}
      <span>{provider.has_credentials ? 'key stored' : 'no key'}</span>
      {discovery && (
        <span>
          {discovery.outcome === 'ok' ? (
            <>
              {plural(discovery.models_found, 'model')} found <Time at={discovery.at} ago />
            </>
          ) : (
            <>
              discovery failed <Time at={discovery.at} ago />: {discovery.message ?? outcomeLabel(discovery.outcome)}
            </>
          )}
        </span>
      )}
    </div>
  );
}

/** What to do right after a provider was added. */
function NextStep({ provider }: { provider: ProviderResponse }) {
  const failed = provider.discovery && provider.discovery.outcome !== 'ok';
  return (
    <div role="status" className="rounded-lg border border-line bg-accent-soft px-4 py-3 text-[0.8125rem]">
      {!provider.discovery && provider.model_count === 0 && 'Asking the provider for its models…'}
      {failed && 'The provider is saved, but did not list its models. Add them by hand, or discover again.'}
      {!failed && (provider.discovery ?? provider.model_count > 0) && (
        <>
          <strong className="font-semibold">Choose the models to watch.</strong> Select some and press
          “Watch selected”, or use the switches.
        </>
      )}
    </div>
  );
}
