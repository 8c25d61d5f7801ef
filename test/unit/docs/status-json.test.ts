/** docs/observability.md names every field that `status -o json` has in the course of runs. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { retryRun } from "../../../src/operate/retry-run.ts";
import { readStatus } from "../../../src/operate/status.ts";
import { createFakeWorld, type FakeWorld } from "../../fakes/world.ts";
import { hour, minute } from "../../scenarios/seen.ts";

const page = readFileSync(new URL("../../../docs/observability.md", import.meta.url), "utf8");
const part = /## status for people and for programs[\s\S]*?\n## /.exec(page)?.[0] ?? "";
const documented = new Set(
  [...part.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, field = ""]) => field),
  ),
);

/** The paths of all leaves; a list counts as one. */
function fieldsOf(value: object, path = ""): string[] {
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const own = path === "" ? key : `${path}.${key}`;
    if (Array.isArray(child)) return typeof child[0] === "object" ? [`${own}[]`] : [own];
    return typeof child === "object" && child !== null ? fieldsOf(child, own) : [own];
  });
}

async function look(fake: FakeWorld): Promise<string[]> {
  const { world } = fake.builder("status-1");
  const status = await readStatus(world, new AbortController().signal);
  return fieldsOf(JSON.parse(JSON.stringify(status)) as object);
}

it("every field is documented, and every documented field is met", async () => {
  const met = new Set<string>();
  const note = async (fake: FakeWorld) => {
    for (const field of await look(fake)) met.add(field);
  };
  const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual" } });
  await note(fake);
  const first = fake.builder("builder-1").run();
  await fake.clock.sleep(90 * minute);
  await note(fake);
  await fake.clock.sleep(80 * hour);
  await first;
  await note(fake);

  const good = createFakeWorld({ live: {} });
  const swapping = good.builder("builder-1").run();
  while (good.store.run?.["dns"] === undefined || !JSON.stringify(good.store.run).includes("swappedAt"))
    await good.clock.sleep(minute);
  await note(good);
  await swapping;
  good.when("after", "harvester.startList", ({ args }) => {
    const { durations } = good.cluster.require(String(args[0])).harvester;
    durations.set(good.document.jobLists[0]!.jobConfigurations[1]!, hour);
  });
  const second = good.builder("builder-2");
  const ended = second.run();
  await good.clock.sleep(50 * minute);
  await note(good);
  second.terminate();
  await ended;
  await note(good);
  for (const zone of good.zones.values()) zone.denied = "everything";
  await note(good);

  const lacking = createFakeWorld({ live: {}, settings: { GATE_SENTINELS: "taxon-1" } });
  lacking.when("after", "harvester.startList", ({ args }) => {
    lacking.cluster.require(String(args[0])).harvester.missingTaxa.add("taxon-1");
  });
  await lacking.builder("builder-1").run();
  await note(lacking);
  const { data } = lacking;
  lacking.data = Buffer.from("{}");
  await lacking.builder("builder-2").run();
  await note(lacking);
  lacking.data = data;

  const rejected = createFakeWorld({ live: {} });
  rejected.when("before", "harvester.startList", ({ args }) => {
    rejected.cluster.require(String(args[0])).harvester.taxaFactor = 0.5;
  });
  await rejected.builder("builder-1").run();
  const options = { by: "ada", accept: "known" };
  await rejected.builder("retry-1").run((world, signal) => retryRun(world, options, signal));
  await note(rejected);

  expect([...met].filter((field) => !documented.has(field))).toEqual([]);
  expect([...documented].filter((field) => field !== "run" && !met.has(field))).toEqual([]);
});
