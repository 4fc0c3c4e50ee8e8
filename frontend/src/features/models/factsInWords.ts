import type { ModelFacts } from '@/api/types';
import { count, dollars } from '@/format/numbers';

/** What a provider tells of a model, the most asked for first: "128,000 tokens, $2.50 in, $10.00 out". */
export function factsInWords(facts: ModelFacts | undefined): string {
  const {
    context_length: context,
    input_usd_per_million_tokens: input,
    output_usd_per_million_tokens: output,
    size_bytes: size,
  } = facts ?? {};
  return [
    context != null && `${count(context)} tokens`,
    input != null && `${dollars(input)} in`,
    output != null && `${dollars(output)} out`,
    facts?.parameters,
    facts?.quantization,
    size != null && `${(size / 1e9).toFixed(1)} GB`,
    facts?.owner,
  ]
    .filter(Boolean)
    .join(', ');
}
