import { expect, it } from 'vitest';

import { linkHere } from './linkHere';

it('keeps the token and takes the address that was opened', () => {
  expect(linkHere('http://127.0.0.1:8000/login#token=a-b_c', 'https://argus.example.org')).toBe(
    'https://argus.example.org/login#token=a-b_c',
  );
});
