/** Series in promtool's own notation. */
import type { Series } from "./series.ts";

/** The samples up to `end`, one every `step` seconds; `_` is no sample. */
function valuesOf({ spans }: Series, end: number, step: number): string {
  const samples: string[] = [];
  for (const { from, to, value } of spans) {
    for (let i = Math.ceil(from / step); i <= Math.floor(Math.min(to, end) / step); i++)
      samples[i] = String(value);
  }
  const runs: { sample: string; count: number }[] = [];
  for (const sample of Array.from({ length: samples.length }, (_, i) => samples[i] ?? "_")) {
    const last = runs.at(-1);
    if (last?.sample === sample) last.count += 1;
    else runs.push({ sample, count: 1 });
  }
  return runs
    .map(({ sample, count }) => (sample === "_" ? `_x${count}` : `${sample}x${count - 1}`))
    .join(" ");
}

function nameOf({ name, labels }: Series): string {
  const pairs = Object.entries({ namespace: "builder-prod", ...labels }).map(
    ([key, value]) => `${key}=${JSON.stringify(value)}`,
  );
  return `${name}{${pairs.join(",")}}`;
}

/** `input_series` of a test, without those that have no sample. */
export function inputSeries(all: readonly Series[], end: number, step: number) {
  return all
    .map((one) => ({ series: nameOf(one), values: valuesOf(one, end, step) }))
    .filter(({ values }) => values);
}
