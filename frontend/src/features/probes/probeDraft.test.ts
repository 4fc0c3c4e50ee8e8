import { describe, expect, it } from 'vitest';

import type { Probe } from '@/api/types';

import { draftOfProbe, FIRST_PROBE, probeChange, probeCommand, probeFaults } from './probeDraft';

const NAMED = { ...FIRST_PROBE, name: ' Cities ' };

describe('a probe as it is typed', () => {
  it('is whole with a name', () => {
    expect(probeFaults(FIRST_PROBE)).toEqual({ name: 'Give it a name.' });
    expect(probeFaults(NAMED)).toEqual({});
    expect(probeCommand(NAMED)).toMatchObject({ name: 'Cities', kind: 'canary', interval_s: 900, prompt: null });
    expect(probeCommand(NAMED)).not.toHaveProperty('cron');
  });

  it.each([
    [{ interval: '5' }, 'interval'],
    [{ interval: 'often' }, 'interval'],
    [{ timing: 'cron', cron: '* * *' }, 'cron'],
    [{ maxTokens: '0' }, 'maxTokens'],
    [{ maxTokens: '2.5' }, 'maxTokens'],
    [{ kind: 'long_context', contextWords: 'many' }, 'contextWords'],
    [{ schema: '[]' }, 'schema'],
    [{ schema: '{' }, 'schema'],
    [{ assertions: '{}' }, 'assertions'],
    [{ assertions: 'fast' }, 'assertions'],
  ] as const)('says where %o is wrong', (change, field) => {
    expect(Object.keys(probeFaults({ ...NAMED, ...change }))).toEqual([field]);
  });

  it('is sent with its scope, and what belongs to its kind', () => {
    expect(probeCommand({ ...NAMED, scope: 'provider:p1' })).toMatchObject({ provider_id: 'p1', model_id: null });
    expect(probeCommand({ ...NAMED, scope: 'model:m1' })).toMatchObject({ provider_id: null, model_id: 'm1' });
    const schema = { ...NAMED, schema: '{"type":"object"}' };
    expect(probeCommand(schema).answer_schema).toBeNull();
    expect(probeCommand({ ...schema, kind: 'json_schema' }).answer_schema).toEqual({ type: 'object' });
    expect(probeCommand({ ...NAMED, kind: 'long_context', prompt: 'x' }).prompt).toBeNull();
    const long = { ...NAMED, maxTokens: '40', contextWords: '5000' };
    expect(probeCommand({ ...long, kind: 'long_context' })).toMatchObject({ max_tokens: 40, context_words: 5000 });
    expect(probeCommand(long)).toMatchObject({ max_tokens: 40, context_words: null });
    expect(probeCommand({ ...long, kind: 'embedding' }).max_tokens).toBeNull();
  });

  it('comes back as it was', () => {
    const probe: Probe = {
      id: 'p',
      created_at: '2026-11-26T09:00:00Z',
      enabled: true,
      revision: 1,
      name: 'Cities',
      kind: 'json_schema',
      cron: '*/5 * * * *',
      answer_schema: { type: 'object' },
      assertions: [{ type: 'status', equals: 200, level: 'warn' }],
      finding_level: 'warn',
    };
    const change = probeChange(draftOfProbe(probe));
    expect(change).toMatchObject({
      cron: '*/5 * * * *',
      answer_schema: { type: 'object' },
      assertions: [{ type: 'status', equals: 200, level: 'warn' }],
      finding_level: 'warn',
    });
    expect(change).not.toHaveProperty('interval_s');
  });
});
