import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import { modelsQuery } from '@/api/models';
import type { ProviderResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Pager } from '@/components/Pager';
import { Panel } from '@/components/Panel';
import { SearchBox } from '@/components/SearchBox';
import { AddModelDialog } from '@/features/models/AddModelDialog';
import { ModelTable } from '@/features/models/ModelTable';

const route = getRouteApi('/house/providers/$providerId');
const PER_PAGE = 50;

/** The models of one provider, a page at a time. */
export function ProviderModels({ provider }: { provider: ProviderResponse }) {
  const { q, page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const [adding, setAdding] = useState(false);
  const mayChange = useMay('operator');
  const models = useQuery(
    modelsQuery({ provider_id: provider.id, search: q, limit: PER_PAGE, offset: (page - 1) * PER_PAGE }),
  );
  const change = (next: { q?: string; page?: number }) =>
    void navigate({ search: (before) => ({ ...before, page: undefined, ...next }), replace: true });
  const { data } = models;
  const awaited = !provider.discovery && data?.total === 0 && !q;
  return (
    <Panel
      title="Models"
      actions={
        <>
          <SearchBox
            label="Search models"
            value={q ?? ''}
            onChange={(next) => change({ q: next || undefined })}
            className="w-56 max-sm:order-last max-sm:w-full"
          />
          {mayChange && (
            <Button onClick={() => setAdding(true)} icon={<Plus aria-hidden className="size-3.5" />}>
              Add model
            </Button>
          )}
        </>
      }
    >
      {(models.isPending || awaited) && <SkeletonRows rows={5} />}
      {models.error && !data && <ErrorState error={models.error} onRetry={() => void models.refetch()} />}
      {data?.total === 0 && !awaited && (
        <EmptyState title={q ? 'No model has such a name' : 'No models yet'}>
          {!q && 'Discover them again, or add one by hand under the name the provider uses.'}
        </EmptyState>
      )}
      {data && data.items.length > 0 && <ModelTable models={data.items} />}
      {data && (
        <Pager page={page} perPage={PER_PAGE} total={data.total} onPage={(to) => change({ page: to })} />
      )}
      <AddModelDialog
        providerId={provider.id}
        providerName={provider.display_name}
        open={adding}
        onClose={() => setAdding(false)}
      />
    </Panel>
  );
}
