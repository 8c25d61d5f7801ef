/** What earlier runs left: removed before the next install, and nothing else with it. */
import { describe, expect, it } from "vitest";
import { annotations, namespaceLabels } from "../../src/domain/names.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { addFailedBuild, expectSound, minute, newRelease, storedRun } from "./seen.ts";

describe("leftovers", () => {
  it("of failed runs are removed before the next install: a third stack would not fit", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    let stacks: string[] = [];
    fake.when("before", "releases.install", () => (stacks = fake.namespaces));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(stacks).toEqual([newRelease(fake), "prod-old01"].sort());
    expectSound(fake);
  });

  it("of a run that failed just now are removed by the next one", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.doomed.set("solr", "ImagePullBackOff");
    await fake.builder("builder-1").run();
    const failed = newRelease(fake);
    expect(fake.namespaces).toContain(failed);
    fake.cluster.doomed.clear();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("are not the namespaces of other environments, nor what only looks like ours", async () => {
    const fake = createFakeWorld({ live: {} });
    const others = [
      "production-tools",
      "prod-uat",
      "prod-tools",
      "prod-tools1",
      "uat-abcde",
      "prod",
      "prod-ABCDE",
    ];
    for (const name of others) {
      fake.cluster.create(name, name === "uat-abcde" ? namespaceLabels("uat", "uat-20261115-1200") : {});
      fake.untouchable.add(name);
    }
    // the pattern alone is not enough: neither a label nor a record says that it is ours
    fake.cluster.create("prod-tool5", { team: "somebody" });
    fake.untouchable.add("prod-tool5");
    // and a label of ours does not make another environment's name ours
    fake.cluster.create("prod-eu-abcde", namespaceLabels("prod", "x"));
    fake.untouchable.add("prod-eu-abcde");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([...fake.untouchable, newRelease(fake)].sort());
    expectSound(fake);
  });

  it("with the keep annotation stay", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    fake.cluster.require("prod-bad01").annotations[annotations.keep] = "";
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toContain("prod-bad01");
    expectSound(fake);
  });

  it("that hang while they are deleted are reported, and do not block the run", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    fake.cluster.delete("prod-bad01");
    fake.cluster.require("prod-bad01").goneAt = Infinity;
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("prod-bad01 stays for now");
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("that DNS was pointed at by hand are no leftovers", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    fake.point("prod-bad01");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).previous).toEqual(["prod-bad01"]);
    expectSound(fake);
  });

  it("are not what was live, when DNS answers with nothing at all", async () => {
    const fake = createFakeWorld({ live: {} });
    const builder = fake.builder("builder-1");
    fake.clock.at(
      fake.clock.now() + 50 * 60_000,
      () => (builder.world.ports.dns.findRecords = async () => []),
    );
    expect(await builder.run()).toMatchObject({ code: 3 });
    expect(storedRun(fake).failure?.code).toBe("INTERLOCK");
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
    expectSound(fake);
  });

  it("are not removed while DNS can't be read", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    fake.when("after", "store.saveDocument", () => fake.faults.add({ calls: /^dns\./, forMs: 3_600_000 }));
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(fake.effects("cluster.deleteNamespace")).toHaveLength(0);
    fake.faults.clear();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("that hang hold an install up once, not twice", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    fake.when(
      "after",
      "cluster.deleteNamespace",
      () => (fake.cluster.require("prod-bad01").goneAt = Infinity),
    );
    const began = fake.clock.now();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const [installed] = fake.effects("releases.install");
    expect(installed!.at - began).toBeLessThan(1.5 * 15 * minute);
  });
});
