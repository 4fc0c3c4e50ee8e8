// Probes in words: what each kind asks, when, and what it asserts.
import type { Finding, Level, Probe, ProbeKind } from '@/api/types';

import { duration } from './numbers';

/** In the order in which they are offered; liveness is what monitoring asks. */
export const KINDS: readonly { value: ProbeKind; label: string; hint: string }[] = [
  { value: 'canary', label: 'Canary', hint: 'A random question whose answer stands in the prompt.' },
  { value: 'throughput', label: 'Throughput', hint: 'A long answer: how fast it comes.' },
  { value: 'json_mode', label: 'JSON mode', hint: 'Asks for a JSON object, and gets one or does not.' },
  { value: 'json_schema', label: 'JSON schema', hint: 'Sends a strict schema; the answer has to fit it.' },
  { value: 'tool_call', label: 'Tool call', hint: 'The right tool, with arguments that fit.' },
  { value: 'embedding', label: 'Embedding', hint: 'The vector of one text, against the first one.' },
  { value: 'long_context', label: 'Long context', hint: 'One sentence that matters, among many.' },
];

/** How much a finding weighs. */
export const LEVELS: readonly Level[] = ['warn', 'fail'];

/** Every kind that a check may be of. */
export const PROBE_KINDS: readonly ProbeKind[] = ['liveness', ...KINDS.map((each) => each.value)];

export const kindLabel = (kind: ProbeKind): string =>
  kind === 'liveness' ? 'Liveness' : (KINDS.find((each) => each.value === kind)?.label ?? kind);

export const whenAsked = (probe: Pick<Probe, 'interval_s' | 'cron'>): string =>
  probe.cron ? `at ${probe.cron} (UTC)` : `every ${duration(probe.interval_s ?? 0)}`;

/** What a check found, a failure before a warning. */
export const worstFinding = (findings: readonly Finding[]): Finding | undefined =>
  findings.find((each) => each.level === 'fail') ?? findings[0];
