import { getRouteApi } from '@tanstack/react-router';

import { historyExportUrl } from '@/api/monitoring';
import { ExportLinks } from '@/components/ExportLinks';
import { PageHeader } from '@/components/Panel';

import { CheckList } from './CheckList';

const route = getRouteApi('/house/checks');

export function ChecksPage() {
  const { outcome, kind } = route.useSearch();
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
        filter={{ outcome, kind }}
        onOutcome={(next) => void navigate({ search: { outcome: next, kind }, replace: true })}
        onKind={(next) => void navigate({ search: { outcome, kind: next }, replace: true })}
      />
    </div>
  );
}
