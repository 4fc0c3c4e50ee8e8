import { useMutation, useQueryClient } from '@tanstack/react-query';

import { updateModel } from '@/api/models';
import type { ModelUpdate } from '@/api/types';

/** Requests in flight at once when many models are changed. */
const AT_ONCE = 6;

function useRefreshModels() {
  const client = useQueryClient();
  return () =>
    Promise.all(
      ['models', 'providers', 'overview'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    );
}

export function useModelChange() {
  const refresh = useRefreshModels();
  return useMutation({
    mutationFn: updateModel,
    meta: { failure: 'The model was not changed' },
    onSuccess: refresh,
  });
}

export interface ManyModels {
  ids: readonly string[];
  change: ModelUpdate;
}

/** The same change to many models; stops at the first that fails and says so. */
export function useManyModelsChange() {
  const refresh = useRefreshModels();
  return useMutation({
    mutationFn: async ({ ids, change }: ManyModels) => {
      for (let start = 0; start < ids.length; start += AT_ONCE) {
        const batch = ids.slice(start, start + AT_ONCE);
        await Promise.all(batch.map((model_id) => updateModel({ model_id, ...change })));
      }
    },
    meta: { failure: 'Not all models were changed' },
    onSettled: refresh,
  });
}
