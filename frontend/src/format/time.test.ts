import { expect, it } from 'vitest';

import { dateTime, relative, utc } from './time';

const at = new Date('2026-11-23T23:30:05.123456Z');

it('shows an instant in the zone asked for, with its own date there', () => {
  expect(dateTime(at, 'UTC', at)).toContain('23:30:05');
  expect(dateTime(at, 'Europe/Berlin', at)).toContain('24');
  expect(dateTime(at, 'Europe/Berlin', at)).toContain('00:30:05');
});

it('adds the year where it is not this year', () => {
  expect(dateTime(at, 'UTC', at)).not.toContain('2026');
  expect(dateTime(at, 'UTC', new Date('2027-01-02T00:00:00Z'))).toContain('2026');
});

it('writes UTC plainly', () => expect(utc(at)).toBe('2026-11-23 23:30:05 UTC'));

it('tells how long ago, and what is still to come', () => {
  const now = at.getTime();
  expect(relative(at, now + 500)).toBe('just now');
  expect(relative(at, now + 12_000)).toBe('12 s ago');
  expect(relative(at, now - 180_000)).toBe('in 3 min');
});
