import { describe, expect, it } from 'vitest';

import { bareTick, dollars, duration, milliseconds, millisecondsTick, NOT_KNOWN, percent, plural, speed } from './numbers';

describe('milliseconds', () => {
  it.each([
    [0, '0 ms'],
    [0.84, '0.84 ms'],
    [9.24, '9.2 ms'],
    [211.6, '212 ms'],
    [999.6, '1.00 s'],
    [1_240, '1.24 s'],
    [61_240, '61.2 s'],
    [125_000, '2 min 5 s'],
  ])('%d reads %s', (value, text) => expect(milliseconds(value)).toBe(text));

  it.each([null, undefined, Number.NaN])('says that %s is not known', (value) =>
    expect(milliseconds(value)).toBe(NOT_KNOWN),
  );
});

describe('percent', () => {
  it.each([
    [1, '100 %'],
    [0.99996, '99.99 %'],
    [0.99, '99.00 %'],
    [0.9, '90.0 %'],
    [0, '0 %'],
    [null, NOT_KNOWN],
  ])('%s reads %s', (ratio, text) => expect(percent(ratio)).toBe(text));
});

describe('duration', () => {
  it.each([
    [45, '45 s'],
    [60, '1 min'],
    [125, '2 min 5 s'],
    [900, '15 min'],
    [12_000, '3 h 20 min'],
    [187_200, '2 d 4 h'],
    [-3, '0 s'],
  ])('%d s reads %s', (seconds, text) => expect(duration(seconds)).toBe(text));
});

it('tells speeds with three digits at most', () => {
  expect(speed(48.33)).toBe('48.3');
  expect(speed(99.97)).toBe('100');
  expect(speed(1_234.5)).toBe('1,235');
});

it('keeps costs below a cent', () => {
  expect(dollars(0.00021)).toBe('$0.00021');
  expect(dollars(1.5)).toBe('$1.50');
});

it('counts one of a thing as one', () => {
  expect(plural(1, 'model')).toBe('1 model');
  expect(plural(0, 'model')).toBe('0 models');
  expect(plural(2, 'success', 'successes')).toBe('2 successes');
});

it('writes the round numbers of an axis without digits that say nothing', () => {
  expect([0, 0.5, 20, 1_500].map(bareTick)).toEqual(['0', '0.5', '20', '1,500']);
  expect([0, 250, 1_000, 1_500].map(millisecondsTick)).toEqual(['0 ms', '250 ms', '1 s', '1.5 s']);
});
