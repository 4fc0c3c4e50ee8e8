import { getRouteApi } from '@tanstack/react-router';

import { historyExportUrl } from '@/api/monitoring';
import { ExportLinks } from '@/components/ExportLinks';
import { PageHeader } from '@/components/Panel';

import { CheckList } from './CheckList';

const route = getRouteApi('/house/checks');

export function ChecksPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        title="Checks"
        subtitle="Every request the monitor made, newest first."
        actions={<ExportLinks what="the history" url={(format) => historyExportUrl(format)} />}
      />
      <CheckList
        title="Recent checks"
        filter={search}
        onOutcome={(outcome) => void navigate({ search: { ...search, outcome }, replace: true })}
        onKind={(kind) => void navigate({ search: { ...search, kind }, replace: true })}
        onFinding={(finding) => void navigate({ search: { ...search, finding }, replace: true })}
      />
    </div>
  );
}
