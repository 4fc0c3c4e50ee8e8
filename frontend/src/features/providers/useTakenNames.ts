import { useQuery } from '@tanstack/react-query';

import { providersQuery } from '@/api/providers';

/** The names of all providers, but of the one that is edited. */
export function useTakenNames(exceptId?: string): string[] {
  const { data } = useQuery(providersQuery);
  return (data?.providers ?? []).filter(({ id }) => id !== exceptId).map(({ display_name }) => display_name);
}
