/** What starting costs: `--help` of the built program, paired with a bare Node. */
import { spawnSync } from "node:child_process";
import { requireProgram } from "../test/tools/built-program.ts";
import type { Bench } from "./figures.ts";

const pairsPerRun = 10;

export const startBench: Bench = {
  name: "start",
  async run(runs) {
    const program = await requireProgram();
    const bare: number[] = [];
    const more: number[] = [];
    for (let pair = 0; pair < runs * pairsPerRun; pair += 1) {
      const nothing = startMs(["-e", "0"]);
      bare.push(nothing);
      more.push(startMs([program, "--help"]) - nothing);
    }
    return [
      { name: "bare node -e 0", unit: "ms", values: bare },
      { name: "--help over bare node", unit: "ms", values: more, budget: 100, judged: "median" },
    ];
  },
};

function startMs(args: readonly string[]): number {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
  return performance.now() - began;
}
