import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';

import { acceptOffer, offersQuery } from '@/api/providers';
import { Button } from '@/components/Button';
import { Panel } from '@/components/Panel';

interface OffersProps {
  /** What to say where nothing was found. */
  otherwise?: ReactNode;
}

/** What was found on this machine and is not added yet. */
export function Offers({ otherwise = null }: OffersProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data } = useQuery(offersQuery);
  const accept = useMutation({
    mutationFn: acceptOffer,
    meta: { failure: 'The provider was not added' },
    onSuccess: async (provider) => {
      await client.invalidateQueries({ queryKey: offersQuery.queryKey });
      void client.invalidateQueries({ queryKey: ['providers'] });
      await navigate({
        to: '/providers/$providerId',
        params: { providerId: provider.id },
        search: { added: true },
      });
    },
  });
  if (!data) return null;
  if (data.offers.length === 0) return otherwise;
  return (
    <Panel title="Found on this machine" description="Ready to be added: nothing to type in.">
      <ul className="divide-y divide-line">
        {data.offers.map((offer) => (
          <li key={offer.id} className="flex items-center gap-3 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="font-medium">{offer.display_name}</p>
              <p className="truncate text-xs text-ink-3">
                {offer.found}
                {offer.base_url && <> · {offer.base_url}</>}
              </p>
            </div>
            <Button
              aria-label={`Add ${offer.display_name}`}
              busy={accept.isPending && accept.variables === offer.id}
              disabled={accept.isPending}
              onClick={() => accept.mutate(offer.id)}
              icon={<Plus aria-hidden className="size-3.5" />}
            >
              Add
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
