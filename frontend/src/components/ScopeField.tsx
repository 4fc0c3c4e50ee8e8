import { useQuery } from '@tanstack/react-query';

import { allModelsQuery } from '@/api/models';
import { providersQuery } from '@/api/providers';

import { SelectField } from './Field';

interface ScopeFieldProps {
  everything: string;
  value: string;
  onChange: (value: string) => void;
}

/** What something is of: "", "provider:<id>" or "model:<id>". */
export function ScopeField({ everything, value, onChange }: ScopeFieldProps) {
  const providers = useQuery(providersQuery);
  const models = useQuery(allModelsQuery());
  return (
    <SelectField label="Of" value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{everything}</option>
      <optgroup label="All models of a provider">
        {providers.data?.providers.map((provider) => (
          <option key={provider.id} value={`provider:${provider.id}`}>
            {provider.display_name}
          </option>
        ))}
      </optgroup>
      <optgroup label="One model">
        {models.data?.map((model) => (
          <option key={model.id} value={`model:${model.id}`}>
            {model.custom_name ?? model.model_id} at {model.provider_name}
          </option>
        ))}
      </optgroup>
    </SelectField>
  );
}
