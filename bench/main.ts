/** `npm run bench [-- name…] [-- --runs 3]`: the figures of docs/performance.md. Ends with 1 where a budget is exceeded. */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { isExceeded, showFigures, type Figure } from "./figures.ts";
import { quietBench } from "./quiet.ts";
import { rebuildBench } from "./rebuild.ts";
import { startBench } from "./start.ts";
import { waitingBench } from "./waiting.ts";

const benches = [startBench, quietBench, waitingBench, rebuildBench];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "3" } },
});
const runs = Math.max(1, Number.parseInt(values.runs, 10) || 1);
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(", ")}; there are ${benches.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const wanted = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const figures: Figure[] = [];
for (const bench of wanted) {
  const [load = 0] = loadavg();
  console.log(
    `${bench.name}: Node ${process.versions.node}, ${cpus().length} cores, load ${load.toFixed(1)}`,
  );
  const found = await bench.run(runs);
  figures.push(...found);
  console.log(`${showFigures(found)}\n`);
}
const exceeded = figures.filter(isExceeded);
console.log(
  exceeded.length === 0 ? "within every budget" : `exceeded: ${exceeded.map(({ name }) => name).join(", ")}`,
);
process.exitCode = exceeded.length === 0 ? 0 : 1;
