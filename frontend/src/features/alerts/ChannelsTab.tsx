import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Megaphone, Plus, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { channelsQuery, removeChannel, setChannelEnabled, testChannel } from '@/api/alerts';
import type { ChannelResponse } from '@/api/types';
import { useMay } from '@/app/session';
import { Button } from '@/components/Button';
import { ConfirmDialog } from '@/components/ConfirmDialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Switch } from '@/components/Switch';
import { tellDone, tellFailed } from '@/components/toasts';

import { ChannelDialog } from './ChannelDialog';

export function ChannelsTab() {
  const channels = useQuery(channelsQuery);
  const mayChange = useMay('operator');
  const [adding, setAdding] = useState(false);
  const add = mayChange && (
    <Button variant="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setAdding(true)}>
      Add channel
    </Button>
  );
  const items = channels.data?.items;
  return (
    <Panel
      title="Channels"
      description="Where alerts are sent. Addresses are stored encrypted and never shown again."
      actions={items?.length !== 0 && add}
    >
      {channels.isPending && <SkeletonRows rows={3} />}
      {channels.error && !items && <ErrorState error={channels.error} onRetry={() => void channels.refetch()} />}
      {items?.length === 0 && (
        <EmptyState icon={<Megaphone aria-hidden />} title="No channels yet" action={add}>
          A webhook, or any of the services Apprise knows: mail, Slack, Telegram, ntfy, and 100 more.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {items?.map((channel) => (
          <ChannelItem key={channel.id} channel={channel} mayChange={mayChange} />
        ))}
      </ul>
      <ChannelDialog open={adding} onClose={() => setAdding(false)} />
    </Panel>
  );
}

interface ChannelItemProps {
  channel: ChannelResponse;
  mayChange: boolean;
}

function ChannelItem({ channel, mayChange }: ChannelItemProps) {
  const client = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: channelsQuery.queryKey });
  const enable = useMutation({
    mutationFn: setChannelEnabled,
    meta: { failure: 'The channel was not changed' },
    onSuccess: refresh,
  });
  const test = useMutation({
    mutationFn: () => testChannel(channel.id),
    meta: { failure: 'The test message was not sent' },
    onSuccess: ({ success, message }) => {
      if (success) tellDone(`Test message to ${channel.name}: ${message}`);
      else tellFailed(`Test message to ${channel.name} failed`, new Error(message));
    },
  });
  const remove = useMutation({
    mutationFn: () => removeChannel(channel.id),
    meta: { failure: 'The channel was not removed' },
    onSuccess: refresh,
  });
  return (
    <li data-testid="channel-row" className="flex items-center gap-4 px-4 py-3">
      <Switch
        label={`Channel ${channel.name} enabled`}
        checked={enable.isPending ? enable.variables.enabled : channel.enabled}
        disabled={!mayChange || enable.isPending}
        onChange={(enabled) => enable.mutate({ channel_id: channel.id, enabled })}
      />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{channel.name}</p>
        <p className="truncate text-xs text-ink-3">
          {channel.kind === 'webhook' ? 'Webhook' : 'Apprise'} · {channel.url_hint}
        </p>
      </div>
      {mayChange && (
        <div className="flex items-center gap-1">
          <Button
            size="sm"
            busy={test.isPending}
            onClick={() => test.mutate()}
            icon={<Send aria-hidden className="size-3.5" />}
          >
            Test
          </Button>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove channel ${channel.name}`}
            onClick={() => setRemoving(true)}
            icon={<Trash2 aria-hidden className="size-4" />}
          />
        </div>
      )}
      <ConfirmDialog
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove channel “${channel.name}”?`}
        confirmLabel="Remove channel"
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        Rules that tell this channel no longer do. Its address is destroyed.
      </ConfirmDialog>
    </li>
  );
}
