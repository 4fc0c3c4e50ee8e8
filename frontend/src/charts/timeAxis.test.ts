import { expect, it } from 'vitest';

import { timeLabels } from './timeAxis';

const at = (iso: string) => Date.parse(iso) / 1000;

it('names the day at the first label and where it changes in the zone shown', () => {
  const splits = ['2026-11-23T21:00:00Z', '2026-11-23T22:00:00Z', '2026-11-23T23:00:00Z'].map(at);
  const labels = timeLabels('Europe/Berlin')(splits, 3_600);
  expect(labels[0]).toMatch(/^22:00\n.*23/);
  expect(labels[1]).toBe('23:00');
  expect(labels[2]).toMatch(/^00:00\n.*24/);
});

it('shows days alone where a step is a day', () => {
  const [label] = timeLabels('UTC')([at('2026-11-23T00:00:00Z')], 86_400);
  expect(label).not.toContain(':');
});

it('shows seconds where steps are shorter than a minute', () => {
  const [label] = timeLabels('UTC')([at('2026-11-23T10:00:15Z')], 15);
  expect(label).toContain('10:00:15');
});
