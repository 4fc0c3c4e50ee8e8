import { expect, it } from 'vitest';

import { ownPath } from '@/app/search';

import { loginTokenFrom } from './loginToken';

it('reads the one-time token of a login link', () => {
  expect(loginTokenFrom('#token=abc-123')).toBe('abc-123');
  expect(loginTokenFrom('')).toBeUndefined();
  expect(loginTokenFrom('#token=')).toBeUndefined();
});

it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', undefined])(
  'never leads away from here: %s',
  (next) => expect(ownPath(next)).toBe('/'),
);

it('leads back to where the person was', () => expect(ownPath('/models/1?range=1h')).toBe('/models/1?range=1h'));
