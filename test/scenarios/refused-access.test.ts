/** Logins and rights that preflight can't prove: refused at their first use they are a verdict, anywhere else an outage. */
import { describe, expect, it } from "vitest";
import { answered } from "../fakes/faults.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { retry } from "./retrying.ts";
import { addFailedBuild, expectSound, harvesterOf, minute, newRelease, storedRun } from "./seen.ts";

const refuse = (fake: FakeWorld, calls: string, { status = 403, forMs = 12 * minute } = {}) =>
  fake.faults.add({ calls, forMs, error: () => answered("its server", status) });

const firstUses: [string, string, (fake: FakeWorld, forMs: number) => void][] = [
  ...(
    [
      ["cluster.ensureAccess", "install-release"],
      ["cluster.observe", "wait-for-pods"],
      ["harvester.exportData", "load-data"],
      ["harvester.importData", "load-data"],
    ] as const
  ).flatMap(([calls, step]) =>
    [401, 403].map((status): (typeof firstUses)[number] => [
      `${calls} with ${status}`,
      step,
      (fake, forMs) => refuse(fake, calls, { status, forMs }),
    ]),
  ),
  [
    "releases.find after a half install",
    "install-release",
    (fake, forMs) => {
      fake.faults.add({ calls: "releases.install", times: 1, when: "after" });
      fake.when("before", "releases.install", () => refuse(fake, "releases.find", { forMs }));
    },
  ],
  ...[401, 403].map((status): (typeof firstUses)[number] => [
    `SITE_PREFIX with ${status}`,
    "wait-for-pods",
    (fake, forMs) =>
      fake.when("after", "releases.install", () => {
        const release = fake.cluster.require(newRelease(fake));
        release.siteStatus = status;
        fake.clock.at(fake.clock.now() + forMs, () => (release.siteStatus = 200));
      }),
  ]),
];

describe("a first use that is refused", () => {
  it.each(firstUses)(
    "(%s) for RETRY_TIMEOUT ends the run, named, before anything was harvested",
    async (...row) => {
      const [, step, act] = row;
      const fake = createFakeWorld({ live: {} });
      act(fake, 30 * minute);
      expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
      expect(storedRun(fake).failure).toMatchObject({ code: "ACCESS_REFUSED", step });
      expect(storedRun(fake).failure?.message).toMatch(/ refuses the builder: /);
      expect(fake.effects("harvester.startList")).toEqual([]);
      await fake.clock.sleep(30 * minute);
      expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
      expectSound(fake);
    },
  );

  it.each(firstUses)("(%s) for a minute is waited for", async (_, __, act) => {
    const fake = createFakeWorld({ live: {} });
    act(fake, minute);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectSound(fake);
  });
});

describe("a refusal of anything else after preflight", () => {
  const elsewhere: [string, "releases.install" | "harvester.startList"][] = [
    // What is the builder's own, the cluster's or Google's was proven by preflight.
    ["cluster.ensureNamespace", "releases.install"],
    ["cluster.findNamespace", "releases.install"],
    ["store.save", "releases.install"],
    ["store.loadDocument", "releases.install"],
    // The release has let the builder in before.
    ["harvester.findList", "harvester.startList"],
    ["harvester.findExecution", "harvester.startList"],
    ["cluster.findPods", "harvester.startList"],
    ["cluster.observe", "harvester.startList"],
    ["site.totalResults", "harvester.startList"],
    ["dns.findRecords", "harvester.startList"],
    ["cluster.annotateNamespace", "harvester.startList"],
  ];
  it.each(elsewhere)("(%s) is an outage, and the next builder goes on", async (calls, from) => {
    const fake = createFakeWorld({ live: {} });
    if (calls === "cluster.ensureNamespace") refuse(fake, calls);
    else fake.when("before", from, () => refuse(fake, calls));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    await fake.clock.sleep(12 * minute);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(harvesterOf(fake).effects.filter(({ kind }) => kind === "list-run")).toHaveLength(1);
    expectSound(fake);
  });

  it("also in the namespace of what an earlier run has left: that stays for now", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    refuse(fake, "cluster.ensureAccess", { forMs: 10.5 * minute });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("prod-bad01 stays for now");
    expectSound(fake);
  });
});
