/** What a bench measures, and whether it is within its budget. */
import { table } from "../src/domain/words.ts";

export interface Figure {
  name: string;
  unit: string;
  /** One per run, or per pair of runs. */
  values: readonly number[];
  /** The most that is allowed. Without one the figure only informs. */
  budget?: number;
  /** What is held against the budget: on a shared machine the median where time counts, else the largest. */
  judged?: "median" | "max";
  /** Digits behind the point. */
  digits?: number;
}

export interface Bench {
  name: string;
  run: (runs: number) => Promise<Figure[]>;
}

interface Spread {
  min: number;
  median: number;
  max: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (index: number) => sorted[index] ?? NaN;
  const upper = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(upper) : (at(upper - 1) + at(upper)) / 2;
  return { min: at(0), median, max: at(sorted.length - 1) };
}

export function isExceeded({ values, budget, judged = "max" }: Figure): boolean {
  const value = spread(values)[judged];
  return budget !== undefined && !(value <= budget);
}

/** One line per figure. */
export function showFigures(figures: readonly Figure[]): string {
  const head = ["", "min", "median", "max", "budget", "", "runs", ""];
  const rows = figures.map((figure) => {
    const { name, unit, values, budget, judged = "max", digits = 0 } = figure;
    const { min, median, max } = spread(values);
    const show = (value: number) => value.toFixed(digits);
    const allowed = budget === undefined ? "" : `${judged} ≤ ${budget}`;
    const verdict = budget === undefined ? "" : isExceeded(figure) ? "EXCEEDED" : "ok";
    return [name, show(min), show(median), show(max), allowed, unit, String(values.length), verdict];
  });
  return table([head, ...rows]).join("\n");
}
