import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';

import { modelsQuery } from '@/api/models';
import { providersQuery } from '@/api/providers';
import type { ModelsSearch } from '@/app/search';
import { buttonClass } from '@/components/buttonClass';
import { controlClass } from '@/components/Field';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Pager } from '@/components/Pager';
import { PageHeader, Panel } from '@/components/Panel';
import { SearchBox } from '@/components/SearchBox';
import { plural } from '@/format/numbers';

import { ModelTable } from './ModelTable';

const route = getRouteApi('/house/models');
const PER_PAGE = 50;

const WATCHED = {
  yes: { enabled_for_monitoring: true, retired: false },
  no: { enabled_for_monitoring: false },
  retired: { retired: true },
};

const isWatched = (value: string): value is keyof typeof WATCHED => value in WATCHED;

export function ModelsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const page = search.page ?? 1;
  const models = useQuery(
    modelsQuery({
      search: search.q,
      provider_id: search.provider,
      ...(search.watched && WATCHED[search.watched]),
      limit: PER_PAGE,
      offset: (page - 1) * PER_PAGE,
    }),
  );
  const change = (next: ModelsSearch) =>
    void navigate({ search: (before) => ({ ...before, page: undefined, ...next }), replace: true });
  const { data } = models;
  const filtering = Boolean(search.q ?? search.provider ?? search.watched);
  return (
    <div className="flex flex-col gap-4">
      <PageHeader title="Models" subtitle={data ? plural(data.total, 'model') : 'Loading…'} />
      <ModelFilters search={search} onChange={change} />
      <Panel>
        {models.isPending && <SkeletonRows rows={8} />}
        {models.error && !data && <ErrorState error={models.error} onRetry={() => void models.refetch()} />}
        {data?.items.length === 0 && (
          <EmptyState
            icon={<Boxes aria-hidden />}
            title={filtering ? 'No model fits these filters' : 'No models yet'}
            action={
              !filtering && (
                <Link to="/providers" search={{ add: true }} className={buttonClass({ variant: 'primary' })}>
                  Add provider
                </Link>
              )
            }
          >
            {!filtering && 'Models come with a provider: add one, and they are found by themselves.'}
          </EmptyState>
        )}
        {data && data.items.length > 0 && <ModelTable models={data.items} showProvider />}
        {data && (
          <Pager page={page} perPage={PER_PAGE} total={data.total} onPage={(to) => change({ page: to })} />
        )}
      </Panel>
    </div>
  );
}

interface ModelFiltersProps {
  search: ModelsSearch;
  onChange: (next: ModelsSearch) => void;
}

function ModelFilters({ search, onChange }: ModelFiltersProps) {
  const providers = useQuery(providersQuery);
  const selectClass = `${controlClass} max-w-56 min-w-36 flex-1 sm:flex-none`;
  return (
    <div className="flex flex-wrap gap-2">
      <SearchBox
        label="Search models"
        value={search.q ?? ''}
        onChange={(q) => onChange({ q: q || undefined })}
        className="min-w-44 flex-1 sm:max-w-72"
      />
      <select
        aria-label="Filter by provider"
        value={search.provider ?? ''}
        onChange={(event) => onChange({ provider: event.target.value || undefined })}
        className={selectClass}
      >
        <option value="">All providers</option>
        {providers.data?.providers.map((provider) => (
          <option key={provider.id} value={provider.id}>
            {provider.display_name}
          </option>
        ))}
      </select>
      <select
        aria-label="Filter by watching"
        value={search.watched ?? ''}
        onChange={(event) => {
          const { value } = event.target;
          onChange({ watched: isWatched(value) ? value : undefined });
        }}
        className={selectClass}
      >
        <option value="">Watched or not</option>
        <option value="yes">Watched</option>
        <option value="no">Not watched</option>
        <option value="retired">No longer listed</option>
      </select>
    </div>
  );
}
