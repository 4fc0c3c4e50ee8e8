import { useQuery } from '@tanstack/react-query';

import { allModelsQuery } from '@/api/models';
import { providersQuery } from '@/api/providers';

interface Scoped {
  provider_id?: string | null;
  model_id?: string | null;
}

/** What something is of: a provider, one model, or everything. */
export function useScope({ provider_id, model_id }: Scoped, everything: string): string {
  const providers = useQuery({ ...providersQuery, enabled: provider_id != null });
  const models = useQuery({ ...allModelsQuery(), enabled: model_id != null });
  if (provider_id != null) {
    return providers.data?.providers.find((each) => each.id === provider_id)?.display_name ?? 'A provider';
  }
  if (model_id == null) return everything;
  const model = models.data?.find((each) => each.id === model_id);
  return model ? `${model.custom_name ?? model.model_id} at ${model.provider_name}` : 'A model';
}
