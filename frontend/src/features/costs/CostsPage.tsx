import { PageHeader } from '@/components/Panel';

import { BudgetsPanel } from './BudgetsPanel';
import { CostTable } from './CostTable';

export function CostsPage() {
  return (
    <div className="flex flex-col gap-4">
      <PageHeader title="Costs" subtitle="What checks and benchmarks cost, and what they may cost on a day." />
      <BudgetsPanel />
      <CostTable />
    </div>
  );
}
