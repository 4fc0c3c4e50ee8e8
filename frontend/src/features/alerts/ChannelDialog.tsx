import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { channelsQuery, createChannel } from '@/api/alerts';
import { problemAt } from '@/api/problem';
import type { ChannelCreate } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField, SelectField } from '@/components/Field';
import { tellDone } from '@/components/toasts';

interface ChannelDialogProps {
  open: boolean;
  onClose: () => void;
}

export function ChannelDialog({ open, onClose }: ChannelDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="Add channel">
      <ChannelForm onClose={onClose} />
    </Dialog>
  );
}

type Kind = ChannelCreate['kind'];

const ADDRESS: Record<Kind, { placeholder: string; hint: string }> = {
  webhook: {
    placeholder: 'https://example.org/hooks/alerts',
    hint: 'Gets a signed POST with the event.',
  },
  apprise: {
    placeholder: 'tgram://bottoken/ChatID',
    hint: 'An Apprise address: mailto://, slack://, discord://, ntfy:// and so on.',
  },
};

function ChannelForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>('webhook');
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const create = useMutation({
    mutationFn: createChannel,
    meta: { failure: null },
    onSuccess: async (channel) => {
      tellDone(`${channel.name} added`);
      onClose();
      await client.invalidateQueries({ queryKey: channelsQuery.queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), kind, url: url.trim(), enabled: true });
  };
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <SelectField label="Kind" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
          <option value="webhook">Webhook</option>
          <option value="apprise">Apprise (mail, chat, push …)</option>
        </SelectField>
        <InputField
          label="Name"
          required
          maxLength={255}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <InputField
          label="Address"
          required
          autoComplete="off"
          spellCheck={false}
          placeholder={ADDRESS[kind].placeholder}
          hint={ADDRESS[kind].hint}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          error={problemAt('url', create.error)}
        />
      </DialogBody>
      <DialogFooter>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" disabled={!name.trim() || !url.trim()} busy={create.isPending}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
