import { expect, it } from 'vitest';

import { problemAt, problemFrom } from './problem';

it('tells the sentence of a problem', () => {
  const problem = problemFrom(409, { title: 'Conflict', detail: 'Somebody else changed it.', request_id: 'r1', current: { revision: 2 } });
  expect(problem).toMatchObject({ status: 409, message: 'Somebody else changed it.', requestId: 'r1', current: { revision: 2 } });
});

it('tells the faults of a 422 by field', () => {
  const problem = problemFrom(422, { detail: [{ loc: ['body', 'interval_s'], msg: 'must be at least 10' }] });
  expect(problem.message).toBe('interval_s: must be at least 10');
  expect(problem.faultOf('interval_s')).toBe('must be at least 10');
});

it('says at a field what is wrong with it, without its inner name', () => {
  const problem = problemFrom(422, { detail: [{ loc: ['body', 'url'], msg: 'Begin it with https://' }] });
  expect(problemAt('url', problem)).toBe('Begin it with https://');
  expect(problemAt('name', problem)).toBe('url: Begin it with https://');
  expect(problemAt('url', null)).toBeUndefined();
});

it('takes a malformed id in the address for something that is not there', () => {
  expect(problemFrom(422, { detail: [{ loc: ['path', 'model_id'], msg: 'not a UUID' }] }).isMissing).toBe(true);
  expect(problemFrom(404, { detail: 'gone' }).isMissing).toBe(true);
  expect(problemFrom(422, { detail: [{ loc: ['body', 'name'], msg: 'empty' }] }).isMissing).toBe(false);
});

it.each([undefined, '', '<html>', {}, { detail: null }])('has a sentence whatever came: %s', (body) =>
  expect(problemFrom(502, body).message).toBe('The server answered 502.'),
);
