import { expect, it } from 'vitest';

import { phasesOf, type Timing } from './phases';

const timing = (clocks: Partial<Timing>): Timing => ({
  connection_reused: false,
  stamp: 'loop',
  streamed: true,
  ...clocks,
});

it('adds up to the whole request, connection included', () => {
  const phases = phasesOf(
    timing({ dns_ms: 1, connect_ms: 2, headers_ms: 50, first_token_ms: 80, last_token_ms: 180, total_ms: 200 }),
  );
  expect(phases.reduce((sum, phase) => sum + phase.ms, 0)).toBeCloseTo(203);
});

it('shows reasoning apart from the answer', () => {
  const names = phasesOf(timing({ first_token_ms: 10, first_answer_token_ms: 60, last_token_ms: 90 })).map(
    ({ name }) => name,
  );
  expect(names).toEqual(['Until first token', 'Reasoning', 'Answer']);
});

it('has nothing to show for a request that never left', () => expect(phasesOf(timing({}))).toEqual([]));
