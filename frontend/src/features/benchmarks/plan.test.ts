import { expect, it } from 'vitest';

import { commandOf, faultsOf, FIRST_PLAN, requestsOf } from './plan';

const plan = { ...FIRST_PLAN, modelIds: new Set(['m1', 'm2']) };

it('can start as it comes, once models are chosen', () => {
  expect(faultsOf(FIRST_PLAN)).toHaveProperty('modelIds');
  expect(faultsOf(plan)).toEqual({});
});

it.each([
  ['runs', '0'],
  ['runs', '1.5'],
  ['maxTokens', '4097'],
  ['concurrency', ''],
  ['warmups', '-1'],
] as const)('refuses %s = "%s"', (field, value) => expect(faultsOf({ ...plan, [field]: value })).toHaveProperty(field));

it('needs the text of an own prompt, and sends it only then', () => {
  expect(faultsOf({ ...plan, pack: 'custom' })).toHaveProperty('prompt');
  expect(commandOf({ ...plan, prompt: 'left over' }, 'Short').prompt).toBeNull();
  expect(commandOf({ ...plan, pack: 'custom', prompt: 'Hi' }, 'Own prompt').prompt).toBe('Hi');
});

it('says how many requests it makes', () =>
  expect(requestsOf({ ...plan, runs: '10', warmups: '2' })).toEqual({ measured: 20, warmup: 4 }));

it('names a run after what it does, unless somebody names it', () => {
  expect(commandOf(plan, 'Short').name).toBe('Short: 2 models');
  expect(commandOf({ ...plan, name: ' Mine ' }, 'Short').name).toBe('Mine');
});
