import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';

import type { ProviderSpec } from '@/api/types';
import { Button } from '@/components/Button';
import { InputField, SelectField } from '@/components/Field';

import { type Draft, keyChoices, needsOf } from './draft';

interface ProviderFieldsProps {
  spec: ProviderSpec;
  draft: Draft;
  errors: Partial<Draft>;
  /** A key is kept already, so an empty field means "keep". */
  keepsKey?: boolean;
  onChange: (draft: Draft) => void;
}

/** The fields one type of provider needs, and no others. */
export function ProviderFields({ spec, draft, errors, keepsKey = false, onChange }: ProviderFieldsProps) {
  const needs = needsOf(spec);
  const withoutDefault = needs.baseUrl.required ? 'https://host:port/v1' : 'Its vendor’s own';
  const isChoice = (name: string) => spec.key_choices.some((names) => names.includes(name));
  const furtherHint = (name: string, keeps: boolean) => {
    if (keeps) return 'Leave empty to keep what is stored.';
    return name === spec.key_choices[0]?.[0] ? `Needed: ${keyChoices(spec)}.` : undefined;
  };
  const set = (field: keyof Draft) => (event: { target: { value: string } }) =>
    onChange({ ...draft, [field]: event.target.value });
  return (
    <>
      <InputField
        label="Name"
        name="name"
        autoComplete="off"
        maxLength={255}
        value={draft.name}
        onChange={set('name')}
        error={errors.name}
      />
      {needs.baseUrl.shown && (
        <InputField
          label={spec.base_url_label ?? 'Base URL'}
          aria-label="Base URL"
          name="base_url"
          type="url"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          placeholder={spec.default_base_url ?? withoutDefault}
          optional={!needs.baseUrl.required}
          value={draft.baseUrl}
          onChange={set('baseUrl')}
          error={errors.baseUrl}
        />
      )}
      {needs.apiKey.shown && (
        <KeyField
          optional={!needs.apiKey.required || keepsKey}
          hint={keyHint(keepsKey, needs.apiKey.required, spec.api_key_label)}
          value={draft.apiKey}
          onChange={set('apiKey')}
          error={errors.apiKey}
        />
      )}
      {needs.region.shown && <RegionField {...{ spec, draft, errors }} onChange={set('region')} />}
      {needs.organization.shown && (
        <div className="grid gap-4 sm:grid-cols-2">
          <InputField
            label="Organization"
            name="organization_id"
            autoComplete="off"
            optional
            value={draft.organizationId}
            onChange={set('organizationId')}
          />
          <InputField
            label="Project"
            name="project_id"
            autoComplete="off"
            optional
            value={draft.projectId}
            onChange={set('projectId')}
          />
        </div>
      )}
      {spec.further_fields.map((field) => (
        <InputField
          key={field.name}
          label={field.label}
          name={field.name}
          type={field.secret ? 'password' : 'text'}
          autoComplete={field.secret ? 'new-password' : 'off'}
          spellCheck={false}
          optional={!field.required && (keepsKey || !isChoice(field.name))}
          hint={furtherHint(field.name, field.secret && keepsKey)}
          value={draft.further[field.name] ?? ''}
          onChange={(event) =>
            onChange({ ...draft, further: { ...draft.further, [field.name]: event.target.value } })
          }
          error={errors.further?.[field.name]}
        />
      ))}
      <div className="grid gap-4 sm:grid-cols-2">
        <InputField
          label="Checks per minute"
          name="requests_per_minute"
          inputMode="numeric"
          autoComplete="off"
          optional
          hint="At most, of all its models, with their probes. They are asked less often where they want more."
          value={draft.requestsPerMinute}
          onChange={set('requestsPerMinute')}
          error={errors.requestsPerMinute}
        />
        <InputField
          label="Checks at once"
          name="max_concurrent"
          inputMode="numeric"
          autoComplete="off"
          optional
          hint="At most, at each location. The others wait."
          value={draft.maxConcurrent}
          onChange={set('maxConcurrent')}
          error={errors.maxConcurrent}
        />
      </div>
    </>
  );
}

function keyHint(keepsKey: boolean, required: boolean, label?: string | null): string | undefined {
  if (keepsKey) return 'Leave empty to keep the key that is stored.';
  if (!required) return 'Only if the server asks for one.';
  return label && label !== 'API Key' ? label : undefined;
}

interface KeyFieldProps {
  value: string;
  hint: string | undefined;
  error: string | undefined;
  optional: boolean;
  onChange: (event: { target: { value: string } }) => void;
}

function KeyField({ value, hint, error, optional, onChange }: KeyFieldProps) {
  const [visible, setVisible] = useState(false);
  return (
    <InputField
      label="API key"
      name="api_key"
      type={visible ? 'text' : 'password'}
      autoComplete="new-password"
      spellCheck={false}
      optional={optional}
      hint={hint}
      error={error}
      value={value}
      onChange={onChange}
      trailing={
        <Button
          size="icon"
          aria-label={visible ? 'Hide what is typed' : 'Show what is typed'}
          onClick={() => setVisible(!visible)}
          icon={
            visible ? <EyeOff aria-hidden className="size-4" /> : <Eye aria-hidden className="size-4" />
          }
        />
      }
    />
  );
}

interface RegionFieldProps {
  spec: ProviderSpec;
  draft: Draft;
  errors: ProviderFieldsProps['errors'];
  onChange: (event: { target: { value: string } }) => void;
}

function RegionField({ spec, draft, errors, onChange }: RegionFieldProps) {
  if (spec.region_options.length === 0) {
    return (
      <InputField
        label="Region"
        name="region"
        autoComplete="off"
        value={draft.region}
        onChange={onChange}
        error={errors.region}
      />
    );
  }
  const known = spec.region_options.some(([value]) => value === draft.region);
  return (
    <SelectField label="Region" name="region" value={draft.region} onChange={onChange} error={errors.region}>
      {!known && <option value={draft.region}>{draft.region || 'Choose a region'}</option>}
      {spec.region_options.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </SelectField>
  );
}
