/** A person's word before the swap: waited for, found by the next builder, good for one opening of the run. */
import { describe, expect, it } from "vitest";
import { leaveRequest } from "../../src/pipeline/requests.ts";
import { createFakeLeaseStore } from "../fakes/stores.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { retry } from "./retrying.ts";
import { between, expectSound, expectUntouched, hour, minute, storedRun } from "./seen.ts";

const approve = (fake: FakeWorld) =>
  leaveRequest({ leases: createFakeLeaseStore(fake.store), clock: fake.clock }, "approve", {
    ...{ runId: storedRun(fake).runId, by: "carol", at: new Date(fake.clock.now()).toISOString() },
  });

describe("an approval", () => {
  it("is waited for with APPROVAL=manual, and then the run goes on", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual" } });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(6 * hour);
    expect(storedRun(fake).phase).toBe("waiting-approval");
    expect(fake.live).toEqual(["prod-old01"]);
    await approve(fake);
    expect(await running).toEqual({ code: 0 });
    expect(storedRun(fake).approval?.by).toBe("carol");
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "waiting-approval", "live"]);
    expectSound(fake);
  });

  it("goes by itself with APPROVAL=auto-after", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "auto-after:2h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const { approval, dns } = storedRun(fake);
    expect(between(approval?.askedAt, dns?.startedAt)).toBe(2 * hour);
    expectSound(fake);
  });

  it("that never comes fails the run after APPROVAL_TIMEOUT", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual", APPROVAL_TIMEOUT: "24h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expectUntouched(fake, "APPROVAL_TIMEOUT");
  });

  it("is waited for once: a builder that takes over in the middle waits for what is left", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual", APPROVAL_TIMEOUT: "24h" } });
    const first = fake.builder("builder-1");
    const running = first.run();
    await fake.clock.sleep(20 * hour);
    first.kill();
    expect(await running).toEqual({ code: "killed" });
    const took = fake.clock.now();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expectUntouched(fake, "APPROVAL_TIMEOUT");
    expect(fake.clock.now() - took).toBeLessThan(6 * hour);
  });

  it("given while its builder is being replaced is found by the next one", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual" } });
    const first = fake.builder("builder-1");
    const running = first.run();
    await fake.clock.sleep(2 * hour);
    await approve(fake);
    first.terminate();
    expect(await running).toMatchObject({ code: 75 });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(storedRun(fake).approval?.by).toBe("carol");
  });
});

describe("an approval that its builder left behind", () => {
  it("counts for nothing once the run was opened again: it was given for other records", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual" } });
    const first = fake.builder("builder-1");
    const running = first.run();
    await fake.clock.sleep(6 * hour);
    fake.zones.get("site")?.put({ name: "prod.example.", type: "A", ttl: 300, rrdatas: ["198.51.100.9"] });
    fake.when("after", "store.save", function watch() {
      if (storedRun(fake).phase === "failed") first.kill();
      else fake.when("after", "store.save", watch);
    });
    await approve(fake);
    expect(await running).toEqual({ code: "killed" });
    await fake.clock.sleep(minute);
    const again = fake.builder("retry-1").run(retry);
    await fake.clock.sleep(hour);
    expect(storedRun(fake).phase).toBe("waiting-approval");
    expect(fake.effects("dns.change")).toEqual([]);
    await approve(fake);
    expect(await again).toEqual({ code: 0 });
  });
});
