import { expect, it } from 'vitest';

import type { ProviderSpec } from '@/api/types';

import { rankedSpecs } from './rankedSpecs';

const spec = (label: string, tested = false) => ({ label, tested }) as ProviderSpec;
const specs = [
  spec('Custom OpenAI'),
  spec('OpenAI-like'),
  spec('OpenRouter', true),
  spec('Custom OpenAI-compatible', true),
  spec('Azure OpenAI', true),
  spec('OpenAI', true),
];
const ranked = (typed: string) => rankedSpecs(specs, typed).map(({ label }) => label);

it('offers what was tested first, by name', () =>
  expect(ranked('')).toEqual([
    'Azure OpenAI',
    'Custom OpenAI-compatible',
    'OpenAI',
    'OpenRouter',
    'Custom OpenAI',
    'OpenAI-like',
  ]));

it('puts what begins as typed before what only holds it', () =>
  expect(ranked('open').slice(0, 4)).toEqual(['OpenAI', 'OpenRouter', 'OpenAI-like', 'Azure OpenAI']));

it('reads an id as the name it stands for', () =>
  expect(ranked('custom_openai')[0]).toBe('Custom OpenAI-compatible'));
