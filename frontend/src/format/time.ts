// Instants as people read them, in a given zone, always with the date where it is not today.
import { duration } from './numbers';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone });
    formats.set(key, known);
  }
  return known;
}

/** 23 Nov, 14:05:09 (with the year where it is not this year). */
export function dateTime(at: Date, zone: string, now: Date = new Date()): string {
  return format(zone, {
    ...(at.getUTCFullYear() === now.getUTCFullYear() ? {} : { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** 23 Nov, 14:05. */
export function dateMinute(at: Date, zone: string): string {
  return format(zone, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** 2026-11-23 13:05:09 UTC: the same instant for everybody. */
export const utc = (at: Date): string => at.toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');

/** "12 s ago", "in 3 min", "just now". */
export function relative(at: Date, now: number): string {
  const seconds = (now - at.getTime()) / 1000;
  if (Math.abs(seconds) < 2) return 'just now';
  return seconds > 0 ? `${duration(seconds)} ago` : `in ${duration(-seconds)}`;
}
