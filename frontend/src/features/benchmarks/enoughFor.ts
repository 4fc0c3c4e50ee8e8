/**
 * Whether `n` values tell a quantile: below that, it is little more than the worst value seen. At
 * least one value in the tail is expected: 20 for p95, 100 for p99.
 */
export const enoughFor = (quantile: number, n: number): boolean => n >= Math.round(1 / (1 - quantile));
