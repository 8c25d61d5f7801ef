/** A builder that is killed anywhere is succeeded by one that ends in the same world as if nothing had happened. */
import { describe, expect, it } from "vitest";
import type { EmbeddedWorld } from "../../sandbox/embedded-world.ts";
import type { BuilderProcess } from "../../sandbox/world/builder-process.ts";
import { jobsStarted, readEnd, releaseOf, type Bench, type Json } from "./bench.ts";

type Wait = (world: EmbeddedWorld, builder: BuilderProcess, release: string) => Promise<unknown>;

const importsOf = ({ databases }: EmbeddedWorld, release: string): number =>
  databases
    .filter(({ namespace }) => namespace === release)
    .reduce((sum, { model }) => sum + model.imports, 0);

/** Where it is killed: each waits for its moment. */
export const places: Record<string, Wait> = {
  "in mid-install": ({ until, views }, _, release) =>
    until("a deployment", async () => ((await views.read(release))?.deployments ?? 0) > 0),
  "while it waits for pods": (_, builder) => builder.line(/wait-for-pods .* ready; waiting for .*solr/),
  "after the import": (world, _, release) => world.until("the import", () => importsOf(world, release) > 0),
  "in mid-harvest": (world, _, release) =>
    world.until("the harvest", () => importsOf(world, release) > 0 && jobsStarted(world) > 40),
  "right after the DNS change": (world) => {
    const before = world.zone.changes.length;
    return world.until("the DNS change", () => world.zone.changes.length > before);
  },
};

/** Runs a rebuild that is killed at these places, in their order; gives the release. */
async function rebuildKilled(world: EmbeddedWorld, waits: readonly Wait[]): Promise<string> {
  let builder = world.startBuilder("run");
  const release = await releaseOf(builder);
  for (const wait of waits) {
    await wait(world, builder, release);
    expect(builder.hasEnded(), builder.output()).toBe(false);
    builder.kill();
    await builder.exit;
    builder = world.startBuilder("run");
  }
  expect(await builder.exit, builder.output()).toBe(0);
  return release;
}

/** What every rebuild of these scenarios must end in, whatever happened on its way. */
export async function expectGoodEnd(world: EmbeddedWorld): Promise<Json> {
  const end = await readEnd(world);
  expect(end).toMatchObject({
    phase: "succeeded",
    live: "RELEASE",
    releases: ["RELEASE"],
    helm: ["RELEASE deployed 1"],
    effects: { imports: 1, starts: 1, jobs: world.data.jobLists[0]?.jobConfigurations.length },
    leaseHolder: "",
  });
  expect(world.watch.violations).toEqual([]);
  return end;
}

/** One rebuild without a crash, one for each place, and one that is killed at all of them. */
export function describeKills(bench: Bench): void {
  describe("a builder killed by SIGKILL", () => {
    let reference: Json;

    it("is not needed for a rebuild to end well", async () => {
      await rebuildKilled(bench(), []);
      reference = await expectGoodEnd(bench());
    });

    it.each(Object.keys(places))("%s is succeeded by one that ends in the same world", async (place) => {
      const changes = bench().zone.changes.length;
      await rebuildKilled(bench(), [places[place]!]);
      expect(await expectGoodEnd(bench())).toEqual(reference);
      expect(bench().zone.changes.length).toBe(changes + 1);
    });
  });
}

/** All of it in one rebuild: the lean form. */
export function describeManyKills(bench: Bench): void {
  it("ends in one good release though its builder is killed at five places", async () => {
    await rebuildKilled(bench(), Object.values(places));
    await expectGoodEnd(bench());
    expect(bench().zone.changes).toHaveLength(1);
  });
}
