/** An import that is not taken: how often it is tried, and with what words the run ends. */
import { describe, expect, it } from "vitest";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { expectSound, storedRun } from "./seen.ts";

describe("an import that the harvester refuses", () => {
  const installs = (fake: FakeWorld) => fake.effects("releases.install").length;
  const posts = (fake: FakeWorld) => fake.effects("harvester.importData").length;

  /** A harvester that refuses every document at its nth organisation (from 0), in its own words. */
  const refusing = (at: number, times = Infinity): FakeWorld => {
    const fake = createFakeWorld({ live: {} });
    let left = times;
    const create = fake.cluster.create.bind(fake.cluster);
    fake.cluster.create = (...given) => {
      const namespace = create(...given);
      const { harvester } = namespace;
      const importData = harvester.importData.bind(harvester);
      harvester.importData = (doc, how) => {
        if (left <= 0) return importData(doc, how);
        left -= 1;
        const broken = structuredClone(doc);
        broken.organisations[at]!.title = "x".repeat(300);
        return importData(broken, how);
      };
      return namespace;
    };
    return fake;
  };

  it("gets a second POST where the database is still empty, then the run ends with the harvester's words", async () => {
    const fake = refusing(0);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure).toMatchObject({ code: "IMPORT_FAILED", step: "load-data" });
    expect(storedRun(fake).failure?.message).toContain("loaded nothing, twice: Configuration already loaded");
    expect([posts(fake), installs(fake)]).toEqual([2, 1]);
    expectSound(fake);
  });

  it("gets one reinstall where it is half full, then the run ends with the harvester's words", async () => {
    const fake = refusing(1);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.message).toContain("only a part, twice: Configuration already loaded");
    expect([posts(fake), installs(fake)]).toEqual([2, 2]);
    expectSound(fake);
  });

  it("once is no mistake", async () => {
    const empty = refusing(0, 1);
    expect(await empty.builder("builder-1").run()).toEqual({ code: 0 });
    expect([posts(empty), installs(empty)]).toEqual([2, 1]);
    const part = refusing(1, 1);
    expect(await part.builder("builder-1").run()).toEqual({ code: 0 });
    expect([posts(part), installs(part)]).toEqual([2, 2]);
  });

  it("gets its one reinstall although the builder dies right after counting the half import", async () => {
    const fake = refusing(1, 1);
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.importData", () => fake.when("after", "store.save", () => first.kill()));
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect([posts(fake), installs(fake)]).toEqual([2, 2]);
  });

  it("is counted over builders: a killed one has no third install", async () => {
    const fake = refusing(1);
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.importData", () => first.kill(), 2);
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(installs(fake)).toBe(2);
    expect(storedRun(fake).failure?.code).toBe("IMPORT_FAILED");
  });
});
