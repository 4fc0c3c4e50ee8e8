// One request as a row of phases that follow each other.
import type { CheckResponse } from '@/api/types';

export type Timing = CheckResponse['measurement']['timing'];

export interface Phase {
  name: string;
  ms: number;
  /** Which colour of the palette it is drawn in. */
  tone: 1 | 2 | 3 | 4;
}

/** Connection phases lie before the request's first byte; the clocks count from there. */
export function phasesOf(timing: Timing): Phase[] {
  const phases: Phase[] = [];
  const add = (name: string, ms: number | null | undefined, tone: Phase['tone']) => {
    if (ms != null && ms > 0) phases.push({ name, ms, tone });
  };
  add('DNS', timing.dns_ms, 4);
  add('Connect', timing.connect_ms, 4);
  add('TLS', timing.tls_ms, 4);
  const marks: [string, number | null | undefined, Phase['tone']][] = [
    ['Until headers', timing.headers_ms, 3],
    ['Until first token', timing.first_token_ms, 1],
    ['Reasoning', timing.first_answer_token_ms, 3],
    ['Answer', timing.last_token_ms, 2],
    ['Until the end', timing.total_ms, 4],
  ];
  let at = 0;
  for (const [name, mark, tone] of marks) {
    if (mark == null) continue;
    add(name, mark - at, tone);
    at = Math.max(at, mark);
  }
  return phases;
}
