import { getRouteApi } from '@tanstack/react-router';
import { Lock } from 'lucide-react';

import { useMay } from '@/app/session';
import { EmptyState } from '@/components/Notice';
import { PageHeader, Panel } from '@/components/Panel';
import { TabLink, Tabs } from '@/components/Tabs';
import { ProbesPanel } from '@/features/probes/ProbesPanel';

import { AccountsTab } from './AccountsTab';
import { ApiKeysTab } from './ApiKeysTab';
import { DisplayTab } from './DisplayTab';
import { MonitoringTab } from './MonitoringTab';

const route = getRouteApi('/house/settings');

export function SettingsPage() {
  const { tab = 'display' } = route.useSearch();
  const isAdmin = useMay('admin');
  return (
    <div className="flex max-w-220 flex-col gap-4">
      <PageHeader title="Settings" />
      <Tabs label="Settings">
        <TabLink to="/settings" search={{ tab: 'display' }} current={tab === 'display'}>
          Display
        </TabLink>
        <TabLink to="/settings" search={{ tab: 'monitoring' }} current={tab === 'monitoring'}>
          Monitoring
        </TabLink>
        <TabLink to="/settings" search={{ tab: 'probes' }} current={tab === 'probes'}>
          Probes
        </TabLink>
        {isAdmin && (
          <>
            <TabLink to="/settings" search={{ tab: 'keys' }} current={tab === 'keys'}>
              API keys
            </TabLink>
            <TabLink to="/settings" search={{ tab: 'accounts' }} current={tab === 'accounts'}>
              Accounts
            </TabLink>
          </>
        )}
      </Tabs>
      {tab === 'display' && <DisplayTab />}
      {tab === 'monitoring' && <MonitoringTab />}
      {tab === 'probes' && <ProbesPanel />}
      {tab === 'keys' && (isAdmin ? <ApiKeysTab /> : <OnlyAdmins />)}
      {tab === 'accounts' && (isAdmin ? <AccountsTab /> : <OnlyAdmins />)}
    </div>
  );
}

const OnlyAdmins = () => (
  <Panel>
    <EmptyState icon={<Lock aria-hidden />} title="For admins only">
      Keys and accounts are managed by admins.
    </EmptyState>
  </Panel>
);
