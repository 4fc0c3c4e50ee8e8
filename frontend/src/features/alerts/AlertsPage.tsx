import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { recentAlertsQuery } from '@/api/alerts';
import { PageHeader } from '@/components/Panel';
import { TabLink, Tabs } from '@/components/Tabs';
import { plural } from '@/format/numbers';

import { AlertList } from './AlertList';
import { ChannelsTab } from './ChannelsTab';
import { RulesTab } from './RulesTab';

const route = getRouteApi('/house/alerts');

export function AlertsPage() {
  const { tab = 'open' } = route.useSearch();
  const unread = useQuery(recentAlertsQuery).data?.total_unread ?? 0;
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        title="Alerts"
        subtitle={
          unread === 0
            ? 'What went wrong, who knows, and who is told.'
            : `${plural(unread, 'open alert')} nobody has acknowledged`
        }
      />
      <Tabs label="Alerts">
        <TabLink to="/alerts" search={{ tab: 'open' }} current={tab === 'open'}>
          Open
        </TabLink>
        <TabLink to="/alerts" search={{ tab: 'past' }} current={tab === 'past'}>
          Past
        </TabLink>
        <TabLink to="/alerts" search={{ tab: 'rules' }} current={tab === 'rules'}>
          Rules
        </TabLink>
        <TabLink to="/alerts" search={{ tab: 'channels' }} current={tab === 'channels'}>
          Channels
        </TabLink>
      </Tabs>
      {tab === 'open' && <AlertList key="open" state="open" />}
      {tab === 'past' && <AlertList key="past" state="resolved" />}
      {tab === 'rules' && <RulesTab />}
      {tab === 'channels' && <ChannelsTab />}
    </div>
  );
}
