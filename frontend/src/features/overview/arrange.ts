// Which cards are shown: the server sorts worst first, and that order is kept.
import type { ModelCard } from '@/api/types';
import type { OverviewSearch } from '@/app/search';

type Filter = Pick<OverviewSearch, 'state' | 'provider' | 'q'>;

export function filtered(cards: readonly ModelCard[], { state, provider, q }: Filter): ModelCard[] {
  const words = (q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return cards.filter(
    (card) =>
      (state === undefined || card.state === state) &&
      (provider === undefined || card.provider_id === provider) &&
      words.every((word) => haystack(card).includes(word)),
  );
}

const haystack = (card: ModelCard) =>
  `${card.name} ${card.model} ${card.provider_name} ${card.last_outcome ?? ''}`.toLowerCase();

export interface ProviderChoice {
  id: string;
  name: string;
}

/** The providers that have a card, by name; two of one name stay two. */
export function providersOf(cards: readonly ModelCard[]): ProviderChoice[] {
  const byId = new Map(cards.map((card) => [card.provider_id, card.provider_name]));
  return [...byId]
    .map(([id, name]) => ({ id, name }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
