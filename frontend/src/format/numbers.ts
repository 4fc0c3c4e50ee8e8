// Measured values as people read them: few digits, always a unit, a dash for "not known".

export const NOT_KNOWN = '–';

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const ticks = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

type Maybe = number | null | undefined;

const missing = (value: Maybe): value is null | undefined =>
  value === null || value === undefined || !Number.isFinite(value);

/** 0.84 ms, 9.2 ms, 212 ms, 1.24 s, 61.2 s, 2 min 5 s. */
export function milliseconds(value: Maybe): string {
  if (missing(value)) return NOT_KNOWN;
  if (value === 0) return '0 ms';
  if (value < 1) return `${value.toFixed(2)} ms`;
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 999.5) return `${Math.round(value)} ms`;
  if (value < 9_995) return `${(value / 1000).toFixed(2)} s`;
  if (value < 119_950) return `${(value / 1000).toFixed(1)} s`;
  return duration(value / 1000);
}

/** A round number of an axis as it is: 0, 0.5, 20, 1,500. */
export const bareTick = (value: number): string => ticks.format(value);

/** A round time of an axis: 0 ms, 250 ms, 1.5 s, 120 s. */
export const millisecondsTick = (value: number): string =>
  value >= 1000 ? `${bareTick(value / 1000)} s` : `${bareTick(value)} ms`;

/** 48.3 tok/s, 212 tok/s. */
export function tokensPerSecond(value: Maybe): string {
  if (missing(value)) return NOT_KNOWN;
  return `${speed(value)} tok/s`;
}

/** The bare number of a speed. */
export function speed(value: Maybe): string {
  if (missing(value)) return NOT_KNOWN;
  return value < 99.95 ? value.toFixed(1) : grouped.format(value);
}

/** Never rounds up to 100 %: 99.996 % reads 99.99 %. */
export function percent(ratio: Maybe): string {
  if (missing(ratio)) return NOT_KNOWN;
  if (ratio >= 1) return '100 %';
  if (ratio <= 0) return '0 %';
  const value = ratio * 100;
  const digits = value >= 99 ? 2 : 1;
  const floored = Math.floor(value * 10 ** digits) / 10 ** digits;
  return `${floored.toFixed(digits)} %`;
}

export function count(value: Maybe): string {
  return missing(value) ? NOT_KNOWN : grouped.format(value);
}

/** "1 model", "3 models". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** 0.00021 as "$0.00021": costs are often far below a cent. */
export function dollars(value: Maybe): string {
  if (missing(value)) return NOT_KNOWN;
  if (value === 0) return '$0';
  return `$${value >= 0.01 ? value.toFixed(2) : value.toPrecision(2)}`;
}

/** A length of time in its two largest units: 45 s, 12 min, 3 h 20 min, 2 d 4 h. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => s >= size);
  const [size, name] = units[first] ?? [1, 's'];
  const whole = `${Math.floor(s / size)} ${name}`;
  const next = units[first + 1];
  if (!next || (name === 'min' && s >= 600)) return whole;
  const rest = Math.floor((s % size) / next[0]);
  return rest > 0 ? `${whole} ${rest} ${next[1]}` : whole;
}
