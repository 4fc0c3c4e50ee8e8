import { expect, it } from 'vitest';

import type { ModelCard } from '@/api/types';

import { filtered, providersOf } from './arrange';

const card = (model_id: string, change: Partial<ModelCard> = {}): ModelCard => ({
  model_id,
  model: 'gpt-4.1',
  name: 'gpt-4.1',
  provider_id: 'p1',
  provider_name: 'OpenAI',
  provider_type: 'openai',
  state: 'up',
  interval_s: 60,
  monitored: true,
  checks: 1,
  open_alerts: 0,
  slots: [],
  ...change,
});

const cards = [
  card('1', { state: 'down', model: 'llama3:8b', name: 'llama', provider_id: 'p2', provider_name: 'Home' }),
  card('2'),
  card('3', { provider_id: 'p3', provider_name: 'OpenAI' }),
];
const ids = (shown: ModelCard[]) => shown.map(({ model_id }) => model_id);

it('keeps the order of the server: worst first', () => expect(ids(filtered(cards, {}))).toEqual(['1', '2', '3']));

it('keeps models of one name at different providers apart', () => {
  expect(ids(filtered(cards, { q: 'gpt' }))).toEqual(['2', '3']);
  expect(ids(filtered(cards, { provider: 'p3' }))).toEqual(['3']);
});

it('finds by every word, whatever the case', () => {
  expect(ids(filtered(cards, { q: 'OPENAI gpt' }))).toEqual(['2', '3']);
  expect(ids(filtered(cards, { q: 'home gpt-5' }))).toEqual([]);
});

it('filters by state', () => expect(ids(filtered(cards, { state: 'down' }))).toEqual(['1']));

it('lists two providers of one name as two', () =>
  expect(providersOf(cards).map(({ id }) => id)).toEqual(['p2', 'p1', 'p3']));
