import { describe, expect, it } from 'vitest';

import type { ProviderSpec } from '@/api/types';

import { createCommand, draftFor, EMPTY_DRAFT, faultsIn, keyChoices, needsOf, updateCommand } from './draft';

const spec = (change: Partial<ProviderSpec>): ProviderSpec => ({
  id: 'openai',
  label: 'OpenAI',
  tested: true,
  requires_api_key: true,
  requires_base_url: false,
  requires_region: false,
  show_org_fields: false,
  api_key_label: 'API key',
  region_options: [],
  further_fields: [],
  key_choices: [],
  needs: [],
  route: 'captured',
  verified: 'simulation',
  ...change,
});

const ollama = spec({
  id: 'ollama',
  label: 'Ollama',
  requires_api_key: false,
  requires_base_url: true,
  base_url_label: 'Base URL',
  default_base_url: 'http://localhost:11434',
});

describe('fields that few types have', () => {
  const bedrock = spec({
    requires_api_key: false,
    further_fields: [
      { name: 'project_id', label: 'Project ID', secret: false, required: true },
      { name: 'aws_session_token', label: 'AWS session token', secret: true, required: false },
    ],
  });
  const draft = { ...EMPTY_DRAFT, name: 'Mine' };

  it('are asked for, sent, and changed key by key', () => {
    expect(faultsIn(draft, bedrock).further).toEqual({ project_id: 'This type needs it.' });
    const typed = { ...draft, further: { project_id: ' p ' } };
    expect(faultsIn(typed, bedrock)).toEqual({});
    expect(createCommand(typed, bedrock).credentials).toEqual({ project_id: 'p' });
    const edited = { ...typed, further: { project_id: 'q', aws_session_token: '' } };
    expect(updateCommand(typed, edited).credentials).toEqual({ project_id: 'q' });
  });
});

describe('keys of which one kind will do', () => {
  const secret = (name: string, label: string) => ({ name, label, secret: true, required: false });
  const bedrock = spec({
    requires_api_key: false,
    api_key_label: null,
    base_url_label: 'Own endpoint',
    further_fields: [secret('key', 'Bedrock API key'), secret('id', 'Key ID'), secret('secret', 'Secret')],
    key_choices: [['key'], ['id', 'secret']],
  });
  const draft = (further: Record<string, string>) => ({ ...EMPTY_DRAFT, name: 'Mine', further });

  it('are named, and one of them is asked for', () => {
    expect(keyChoices(bedrock)).toBe('Bedrock API key, or Key ID and Secret');
    expect(keyChoices(ollama)).toBeUndefined();
    const fault = { key: 'This type needs Bedrock API key, or Key ID and Secret.' };
    expect(faultsIn(draft({}), bedrock).further).toEqual(fault);
    expect(faultsIn(draft({ id: 'a' }), bedrock).further).toEqual(fault);
    expect(faultsIn(draft({ id: 'a', secret: 'b' }), bedrock)).toEqual({});
    expect(faultsIn(draft({ key: 'a' }), bedrock)).toEqual({});
    expect(faultsIn(draft({}), bedrock, { keepsKey: true })).toEqual({});
  });

  it('leave no field for another key, and one for an address of one’s own', () => {
    expect(needsOf(bedrock).apiKey.shown).toBe(false);
    expect(needsOf(bedrock).baseUrl).toEqual({ shown: true, required: false });
  });
});

describe('fields', () => {
  it('asks a vendor for a key alone', () => {
    const needs = needsOf(spec({}));
    expect(needs.apiKey).toEqual({ shown: true, required: true });
    expect(needs.baseUrl.shown).toBe(false);
    expect(needs.region.shown).toBe(false);
  });

  it('asks a server of one’s own for its address, and lets it have a key', () => {
    const needs = needsOf(ollama);
    expect(needs.baseUrl).toEqual({ shown: true, required: true });
    expect(needs.apiKey).toEqual({ shown: true, required: false });
  });

  it('starts with the type’s own address and name, but keeps a typed name', () => {
    expect(draftFor(ollama, EMPTY_DRAFT)).toMatchObject({ name: 'Ollama', baseUrl: 'http://localhost:11434' });
    expect(draftFor(ollama, { ...EMPTY_DRAFT, name: 'Mine' }).name).toBe('Mine');
    expect(draftFor(ollama, { ...EMPTY_DRAFT, name: 'OpenAI' }, spec({})).name).toBe('Ollama');
  });

  it('never carries an address from one type to another', () => {
    const typed = { ...EMPTY_DRAFT, baseUrl: 'http://evil.example' };
    expect(draftFor(spec({}), typed).baseUrl).toBe('');
  });

  it('says what is missing', () => {
    expect(faultsIn(EMPTY_DRAFT, spec({}))).toHaveProperty('apiKey');
    expect(faultsIn(EMPTY_DRAFT, spec({}), { keepsKey: true })).not.toHaveProperty('apiKey');
    expect(faultsIn({ ...EMPTY_DRAFT, name: 'x' }, ollama)).toHaveProperty('baseUrl');
  });

  it.each(['localhost:8000/v1', 'ftp://host', 'http://', 'http://a b'])('asks for a web address, not %s', (baseUrl) =>
    expect(faultsIn({ ...EMPTY_DRAFT, name: 'x', baseUrl }, ollama)).toHaveProperty('baseUrl'),
  );

  it('takes a web address, of one’s own machine too', () =>
    expect(faultsIn({ ...EMPTY_DRAFT, name: 'x', baseUrl: 'http://localhost:8000/v1' }, ollama)).toEqual({}));

  it('keeps providers apart by name', () => {
    const draft = { ...EMPTY_DRAFT, name: ' Mine', baseUrl: 'http://a' };
    expect(faultsIn(draft, ollama, { taken: ['mine'] })).toHaveProperty('name');
    expect(faultsIn(draft, ollama, { taken: ['Yours'] })).toEqual({});
  });
});

describe('commands', () => {
  it('sends only the credentials that are shown and filled', () => {
    const command = createCommand({ ...EMPTY_DRAFT, name: ' A ', apiKey: ' k ', region: 'eu' }, spec({}));
    expect(command.display_name).toBe('A');
    expect(command.credentials).toEqual({ api_key: 'k' });
  });

  const before = { ...EMPTY_DRAFT, name: 'A', baseUrl: 'http://a', region: 'eu' };

  it('changes the address without touching the key', () =>
    expect(updateCommand(before, { ...before, baseUrl: 'http://b' })).toEqual({
      credentials: { base_url: 'http://b' },
    }));

  it('changes the key without touching the address', () =>
    expect(updateCommand(before, { ...before, apiKey: 'new' })).toEqual({ credentials: { api_key: 'new' } }));

  it('keeps the key when its field is empty', () =>
    expect(updateCommand(before, { ...before, name: 'B' })).toEqual({ display_name: 'B' }));

  it('removes a field that was emptied', () =>
    expect(updateCommand(before, { ...before, region: '' })).toEqual({ credentials: { region: null } }));

  it('sets, changes and lifts a limit', () => {
    const limited = { ...before, requestsPerMinute: '30' };
    expect(createCommand(limited, spec({}))).toMatchObject({ requests_per_minute: 30, max_concurrent: 0 });
    expect(updateCommand(before, limited)).toEqual({ requests_per_minute: 30 });
    expect(updateCommand(limited, { ...limited, requestsPerMinute: '' })).toEqual({ requests_per_minute: 0 });
    expect(faultsIn({ ...limited, maxConcurrent: 'two' }, spec({}), { keepsKey: true })).toEqual({
      maxConcurrent: 'A whole number, at most 10,000.',
    });
  });

  it('sends nothing when nothing changed', () => expect(updateCommand(before, { ...before })).toEqual({}));
});
