import { useQuery } from '@tanstack/react-query';

import { promptPacksQuery } from '@/api/monitoring';

import { OWN_PROMPT } from './plan';

/** What a prompt pack is called, once the packs are there; its id until then. */
export function usePackLabel(): (pack: string) => string {
  const { data } = useQuery(promptPacksQuery);
  return (pack) => (pack === OWN_PROMPT ? 'Own prompt' : (data?.find(({ id }) => id === pack)?.name ?? pack));
}
