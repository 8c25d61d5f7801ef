/** A builder that is killed anywhere is succeeded by one that ends in the same world as if nothing had happened. */
import { describe, expect, it } from "vitest";
import type { EmbeddedWorld } from "../../sandbox/embedded-world.ts";
import type { BuilderProcess } from "../../sandbox/world/builder-process.ts";
import { jobsStarted, readEnd, releaseOf, type Bench, type Json } from "./bench.ts";

interface Place {
  /** Comes to its end at the moment to kill. */
  wait: (world: EmbeddedWorld, builder: BuilderProcess, release: string) => Promise<unknown>;
  /** Holds the release's search index back until the builder is dead, so that the moment is not missed. */
  holdsPods?: boolean;
}

const importsOf = ({ databases }: EmbeddedWorld, release: string): number =>
  databases
    .filter(({ namespace }) => namespace === release)
    .reduce((sum, { model }) => sum + model.imports, 0);

/** Where it is killed. */
const places: Record<string, Place> = {
  "in mid-install": {
    wait: ({ until, views }, _, release) =>
      until("a deployment", async () => ((await views.read(release))?.deployments ?? 0) > 0),
  },
  "while it waits for pods": {
    wait: (_, builder) => builder.line(/wait-for-pods .* ready; waiting for .*solr/),
    holdsPods: true,
  },
  "after the import": {
    wait: (world, _, release) => world.until("the import", () => importsOf(world, release) > 0),
  },
  "in mid-harvest": {
    wait: (world, _, release) =>
      world.until("the harvest", () => importsOf(world, release) > 0 && jobsStarted(world) > 40),
  },
  "right after the DNS change": {
    wait: (world) => {
      const before = world.zone.changes.length;
      return world.until("the DNS change", () => world.zone.changes.length > before);
    },
  },
};

/** Runs a rebuild that is killed at these places, in their order; gives the release. */
async function rebuildKilled(world: EmbeddedWorld, killedAt: readonly Place[]): Promise<string> {
  let builder = world.startBuilder("run");
  const release = await releaseOf(builder);
  const hold = (rule: string | null) => world.simulate({ [`hold-${world.environment}`]: rule });
  if (killedAt.some(({ holdsPods }) => holdsPods)) await hold(`${release}/solr never-ready`);
  for (const { wait, holdsPods } of killedAt) {
    await wait(world, builder, release);
    expect(builder.hasEnded(), builder.output()).toBe(false);
    builder.kill();
    await builder.exit;
    if (holdsPods) await hold(null);
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
