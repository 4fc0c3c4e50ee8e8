import type { ProviderSpec } from '@/api/types';

/** Letters and digits only, so that "custom_openai" begins "Custom OpenAI-compatible". */
const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** What begins with the typed words first, then what somebody has tested, then by name. */
export function rankedSpecs(specs: readonly ProviderSpec[], typed: string): ProviderSpec[] {
  const start = plain(typed);
  const begins = (spec: ProviderSpec) => Number(start !== '' && plain(spec.label).startsWith(start));
  return specs.toSorted(
    (a, b) =>
      begins(b) - begins(a) || Number(b.tested) - Number(a.tested) || a.label.localeCompare(b.label),
  );
}
