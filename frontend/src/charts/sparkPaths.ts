// Paths in a box `values.length` wide and 1 high, whose foot is zero and whose top the largest value.

type Point = readonly [x: number, y: number];

/** The stretches of neighbouring values, each as points in the middle of their slots. */
function stretches(values: readonly (number | null | undefined)[]): Point[][] {
  const top = Math.max(...values.map((value) => value ?? 0));
  const found: Point[][] = [];
  let open: Point[] | undefined;
  values.forEach((value, index) => {
    if (value == null || top <= 0) {
      open = undefined;
      return;
    }
    if (!open) found.push((open = []));
    open.push([index + 0.5, rounded(1 - value / top)]);
  });
  return found;
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;

const joined = (points: readonly Point[]) => points.map(([x, y]) => `${x} ${y}`).join('L');

const dash = ([x, y]: Point): Point[] => [
  [x - 0.25, y],
  [x + 0.25, y],
];

export function sparkPaths(values: readonly (number | null | undefined)[]): { line: string; area: string } {
  const all = stretches(values);
  return {
    // A value that stands alone is a short dash: a line of no length would not be seen.
    line: all.map((points) => `M${joined(points.length === 1 ? points.flatMap(dash) : points)}`).join(''),
    area: all
      .filter((points) => points.length > 1)
      .map((points) => `M${points[0]?.[0] ?? 0} 1L${joined(points)}V1Z`)
      .join(''),
  };
}
