import { useQuery } from '@tanstack/react-query';

import { catalogQuery } from '@/api/providers';

/** What a type of provider is called, once the catalogue is there; its id until then. */
export function useTypeLabel(): (type: string) => string {
  const { data } = useQuery(catalogQuery);
  return (type) => data?.providers[type]?.label ?? type;
}
