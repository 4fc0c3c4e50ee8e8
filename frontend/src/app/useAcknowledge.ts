import { useMutation, useQueryClient } from '@tanstack/react-query';

import { acknowledgeAlert } from '@/api/alerts';

/** Say that somebody has seen an alert. */
export function useAcknowledge() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: acknowledgeAlert,
    meta: { failure: 'The alert was not acknowledged' },
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
}
