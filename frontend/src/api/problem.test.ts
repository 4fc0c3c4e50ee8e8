import { expect, it } from 'vitest';

import { problemFrom } from './problem';

it('tells the sentence of a problem', () => {
  const problem = problemFrom(409, { title: 'Conflict', detail: 'Somebody else changed it.', request_id: 'r1' });
  expect(problem).toMatchObject({ status: 409, message: 'Somebody else changed it.', requestId: 'r1' });
});

it('tells the faults of a 422 by field', () => {
  const problem = problemFrom(422, { detail: [{ loc: ['body', 'interval_s'], msg: 'must be at least 10' }] });
  expect(problem.message).toBe('interval_s: must be at least 10');
  expect(problem.faultOf('interval_s')).toBe('must be at least 10');
});

it.each([undefined, '', '<html>', {}, { detail: null }])('has a sentence whatever came: %s', (body) =>
  expect(problemFrom(502, body).message).toBe('The server answered 502.'),
);
