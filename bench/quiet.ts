/** What is asked of others in an hour of waiting, and kept in the cluster: counted on the fakes, in virtual time. */
import { recordCalls, requestsPerCall, mostInAnHour } from "../test/fakes/call-counts.ts";
import { stateSizes } from "../test/fakes/large-state.ts";
import { createFakeWorld, type FakeWorldOptions } from "../test/fakes/world.ts";
import { generateDataConfiguration } from "../test/fixtures/data-configuration.ts";
import { recordsOf } from "../test/sandbox/harvester/data-configuration.ts";
import type { Bench, Figure } from "./figures.ts";

const harvests: FakeWorldOptions[] = [
  { document: generateDataConfiguration(), harvester: { jobMs: (job) => 10_000 + recordsOf(job) * 10 } },
  {
    document: generateDataConfiguration({ organisations: 1, jobs: 3, listed: 2 }),
    harvester: { jobMs: 12 * 3_600_000 },
  },
];

export const quietBench: Bench = {
  name: "quiet",
  async run() {
    return [...(await requestFigures()), ...(await stateFigures())];
  },
};

async function requestFigures(): Promise<Figure[]> {
  const costs = await requestsPerCall();
  const kubernetes: number[] = [];
  const harvester: number[] = [];
  for (const options of harvests) {
    const builder = createFakeWorld({ live: {}, ...options });
    const one = builder.builder("builder-1");
    const calls = recordCalls(one.world);
    const outcome = await one.run();
    if (outcome.code !== 0) throw new Error(`the fake rebuild ended with ${String(outcome.code)}`);
    const most = mostInAnHour(calls, costs);
    kubernetes.push(most.kubernetes);
    harvester.push(most.harvester);
  }
  const unit = "per hour";
  return [
    { name: "requests to the Kubernetes API", unit, values: kubernetes, budget: 150 },
    { name: "requests to the harvester", unit, values: harvester, budget: 130 },
  ];
}

async function stateFigures(): Promise<Figure[]> {
  const { failed, inRescue } = await stateSizes(10_000);
  const kib = (...bytes: number[]) => bytes.map((size) => size / 1024);
  const totalOf = ({ state }: typeof failed) => Object.values(state).reduce((sum, size) => sum + size, 0);
  return [
    {
      ...{ name: "state of a run of 10,000 jobs", unit: "KiB", budget: 256 },
      values: kib(totalOf(failed), totalOf(inRescue)),
    },
    ...Object.entries(failed.state).map(([key, size]) => ({
      ...{ name: `  ${key}`, unit: "KiB", values: kib(size) },
    })),
    {
      name: "pinned data configuration, 10,000 jobs",
      unit: "KiB",
      values: kib(failed.document),
      budget: 1024,
    },
  ];
}
