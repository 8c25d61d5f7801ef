/** What the suites of logins share: a world behind Google's double, a rebuild of the built program in it, and its end. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect } from "vitest";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import type { EmbeddedWorld } from "../../sandbox/embedded-world.ts";
import type { Google, Login } from "../../sandbox/google/index.ts";
import type { Way } from "../../sandbox/google/ways.ts";
import type { BuilderProcess } from "../../sandbox/world/builder-process.ts";
import { readStored, useWorld } from "../program/bench.ts";
import { expectGoodEnd } from "../program/kill-and-resume.ts";

/** Shorter than in other suites: what is looked at here are logins. */
const pace = {
  RETRY_TIMEOUT: "30s",
  HARVEST_POLL_INTERVAL: "20ms",
  DNS_POLL_INTERVAL: "20ms",
  DNS_DRAIN_TTLS: "1",
  POST_SWAP_WATCH: "100ms",
};

interface GoogleBench {
  world: EmbeddedWorld;
  google: Google;
  /** Starts `run` with this login. */
  start: (login: Login, overrides?: Record<string, string>) => BuilderProcess;
  /** Holds the builder's harvest, does this, and lets the harvest go on. */
  inHarvest: (builder: BuilderProcess, meanwhile: () => Promise<unknown>) => Promise<void>;
  /** A file for GOOGLE_APPLICATION_CREDENTIALS that is no key. */
  writeLogin: (content: string) => Promise<Login>;
  /** The program has ended with 0, the names point at the new release, and it is the only one. */
  expectGoodEnd: (builder: BuilderProcess) => Promise<void>;
  /** The program has ended with 2, and the names still point where they did. */
  expectMistake: (builder: BuilderProcess) => Promise<void>;
}

/** A world for all tests of a file, whose builders reach Google by its names. No test ends with a secret shown. */
export function useGoogle(way: Way["kind"]): () => GoogleBench {
  const harvest = createHarvestClock();
  const getWorld = useWorld({
    ...{ google: way, simulation: {}, now: harvest.now },
    data: generateDataConfiguration({ organisations: 6, jobs: 11, listed: 10 }),
  });
  const builders: BuilderProcess[] = [];
  const bench = (): GoogleBench => {
    const world = getWorld();
    const { google } = world;
    if (!google) throw new Error("the world has no double of Google");
    return {
      ...{ world, google },
      start(login, overrides) {
        const builder = world.startBuilder("run", { ...pace, ...login, ...overrides });
        builders.push(builder);
        return builder;
      },
      async inHarvest(builder, meanwhile) {
        harvest.hold();
        try {
          await builder.line(/await-harvest +started list/);
          await meanwhile();
        } finally {
          harvest.goOn();
        }
      },
      async writeLogin(content) {
        const file = path.join(world.dir, "no-key.json");
        await writeFile(file, content);
        return { GOOGLE_APPLICATION_CREDENTIALS: file };
      },
      async expectGoodEnd(builder) {
        expect(await builder.exit, builder.output()).toBe(0);
        await expectGoodEnd(world);
      },
      async expectMistake(builder) {
        const changes = world.zone.changes.length;
        const releases = await world.releases();
        expect(await builder.exit, builder.output()).toBe(2);
        expect(world.zone.changes).toHaveLength(changes);
        expect(await world.releases()).toEqual(releases);
        expect([await world.live()]).toEqual(releases);
      },
    };
  };
  afterEach(async () => {
    const { google, world } = bench();
    // One that a failed test has left would be joined by the next.
    for (const builder of builders) builder.kill();
    await Promise.all(builders.map(({ exit }) => exit));
    const stored = await readStored(world).then(
      ({ text }) => text,
      () => "",
    );
    const shown = [...builders.map((builder) => builder.output()), stored].join("\n");
    expect(google.identity.secrets().filter((secret) => shown.includes(secret))).toEqual([]);
    expect(google.refused).toEqual([]);
    google.onRequest = () => undefined;
    google.metadata.faults.clear();
  });
  return bench;
}

/** A clock of the harvesters that can stand still. */
function createHarvestClock() {
  let heldAt: number | undefined;
  let behindMs = 0;
  const now = () => heldAt ?? Date.now() - behindMs;
  return {
    now,
    hold: () => void (heldAt ??= now()),
    goOn() {
      if (heldAt !== undefined) behindMs = Date.now() - heldAt;
      heldAt = undefined;
    },
  };
}
