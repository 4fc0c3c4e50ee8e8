import { describe, expect, it } from 'vitest';

import type { SeriesBucket } from '@/api/types';

import { availability, availabilitySlots, bucketCount, column, frameOf } from './frame';

const START = Date.parse('2026-11-23T10:00:00Z') / 1000;

function bucket(index: number, checks: number, ttft: number | null, widthS = 60): SeriesBucket {
  const failed = ttft === null ? checks : 0;
  return {
    at: new Date((START + index * widthS) * 1000).toISOString(),
    checks,
    available: checks - failed,
    unavailable: failed,
    ttft_p50_ms: ttft,
  };
}

describe('frameOf', () => {
  it('puts each bucket at the middle of its time', () => {
    const frame = frameOf([bucket(0, 1, 100)], 60, 60);
    expect(frame.times).toEqual([START + 30]);
    expect(column(frame, 'ttft_p50_ms')).toEqual([100]);
  });

  it('does not draw an empty bucket as zero', () => {
    const frame = frameOf([bucket(0, 1, 100), bucket(1, 0, null), bucket(2, 1, 120)], 60, 60);
    expect(column(frame, 'ttft_p50_ms')).toEqual([100, 120]);
  });

  it('breaks the line where checks were due and none came', () => {
    const frame = frameOf([bucket(0, 1, 100), bucket(1, 0, null), bucket(2, 0, null), bucket(3, 1, 120)], 60, 60);
    expect(column(frame, 'ttft_p50_ms')).toEqual([100, null, 120]);
    expect(frame.times[1]).toBe(START + 120);
  });

  it('keeps the line whole when buckets are finer than the interval', () => {
    const sparse = [bucket(0, 1, 100, 15), bucket(4, 1, 110, 15), bucket(8, 1, 120, 15)];
    expect(column(frameOf(sparse, 15, 60), 'ttft_p50_ms')).toEqual([100, 110, 120]);
  });

  it('keeps a failed bucket as a break: there is no speed to draw', () => {
    const frame = frameOf([bucket(0, 1, 100), bucket(1, 2, null), bucket(2, 1, 120)], 60, 60);
    expect(column(frame, 'ttft_p50_ms')).toEqual([100, null, 120]);
  });

  it('keeps times rising', () => {
    const frame = frameOf([bucket(0, 1, 1), bucket(9, 1, 1), bucket(30, 1, 1)], 60, 60);
    expect(frame.times).toEqual([...frame.times].sort((a, b) => a - b));
  });
});

describe('bucketCount', () => {
  it('never asks finer than the checks come', () => expect(bucketCount(3_600, 60)).toBe(60));
  it('never asks for more than can be seen', () => expect(bucketCount(2_592_000, 60)).toBe(240));
  it('asks for two at least', () => expect(bucketCount(3_600, 86_400)).toBe(2));
});

describe('availabilitySlots', () => {
  it('merges exactly, losing no check', () => {
    const buckets = Array.from({ length: 240 }, (_, index) => bucket(index, 2, index % 10 === 0 ? null : 1));
    const slots = availabilitySlots(buckets, 60, 72);
    expect(slots.length).toBeLessThanOrEqual(72);
    expect(slots.reduce((sum, slot) => sum + slot.checks, 0)).toBe(480);
    expect(slots.reduce((sum, slot) => sum + slot.unavailable, 0)).toBe(48);
  });

  it('says nothing where no check says anything', () => {
    expect(availability({ available: 0, unavailable: 0 })).toBeNull();
    expect(availability({ available: 3, unavailable: 1 })).toBe(0.75);
  });
});
