import { describe, expect, it } from "vitest";
import { TransientError } from "../../../src/errors.ts";
import type { Lock } from "../../../src/pipeline/lock.ts";
import { bench, durationMs } from "./bench.ts";

function world() {
  const made = bench();
  return { ...made, held: async (one: Lock) => (await one.acquire(made.signal)).kind };
}

describe("a lock", () => {
  it("is held by who takes it first, and freed by its release", async () => {
    const { lock, held, model } = world();
    const one = lock("one");
    expect(await held(one)).toBe("held");
    await one.release();
    expect(model.lease?.record.holder).toBeUndefined();
    expect(await held(lock("two"))).toBe("held");
  });

  it("is not taken from a builder that renews it", async () => {
    const { lock, held, signal } = world();
    const one = lock("one");
    await one.acquire(signal);
    one.keepRenewing();
    expect(await held(lock("two"))).toBe("busy");
    await one.release();
  });

  it.each(["gone", "finished"] as const)("is taken at once when the holder's pod is %s", async (state) => {
    const { lock, held, model, clock } = world();
    expect(await held(lock("one"))).toBe("held");
    model.pods.set("one", state);
    const before = clock.now();
    expect(await held(lock("two"))).toBe("held");
    expect(clock.now()).toBe(before);
  });

  it("is taken from a dead holder that can't be asked about only once it has expired", async () => {
    const { lock, held, model, clock } = world();
    expect(await held(lock("one"))).toBe("held");
    model.pods.set("one", "unknown");
    const before = clock.now();
    expect(await held(lock("two"))).toBe("held");
    expect(clock.now() - before).toBeGreaterThan(durationMs / 2);
    expect(clock.now() - before).toBeLessThanOrEqual(durationMs + 1_000);
  });

  it("is watched for half its time even when the holder's clock is an hour behind", async () => {
    const { lock, held, model, clock, signal } = world();
    const one = lock("one");
    await one.acquire(signal);
    model.lease!.record.renewedAt = clock.now() - 3_600_000;
    model.pods.set("one", "unknown");
    const before = clock.now();
    expect(await held(lock("two"))).toBe("held");
    expect(clock.now() - before).toBeGreaterThanOrEqual(durationMs / 2);
  });

  it("fences: who lost it learns so before the next effect", async () => {
    const { lock, held, model, clock, signal } = world();
    const one = lock("one");
    await one.acquire(signal);
    await one.ensureHeld(signal);
    model.pods.set("one", "gone");
    await clock.sleep(durationMs);
    expect(await held(lock("two"))).toBe("held");
    await expect(one.ensureHeld(signal)).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(one.lost.aborted).toBe(true);
    await one.release();
    expect(model.lease?.record.holder).toBe("two");
  });

  it("fences through an outage, and goes on when nobody took it meanwhile", async () => {
    const { lock, clock, signal, leases } = world();
    const one = lock("one");
    await one.acquire(signal);
    await clock.sleep(durationMs);
    const write = leases.write.bind(leases);
    const until = clock.now() + 300_000;
    leases.write = (...args) =>
      clock.now() < until ? Promise.reject(new TransientError("the API server", "away")) : write(...args);
    await one.ensureHeld(signal);
    expect(clock.now()).toBeGreaterThanOrEqual(until);
  });

  it("passes on what operators leave on it, and takes off only what was answered", async () => {
    const { lock, clock, model, signal } = world();
    const one = lock("one");
    await one.acquire(signal);
    const heard: Readonly<Record<string, string>>[] = [];
    one.onRequests((requests) => heard.push(requests));
    one.keepRenewing();
    model.lease = {
      record: { ...model.lease!.record, requests: { abort: "r", approve: "r x" } },
      version: model.nextVersion(),
    };
    await clock.sleep(durationMs / 2);
    expect(heard.at(-1)).toEqual({ abort: "r", approve: "r x" });
    await one.release(["abort"]);
    expect(model.lease.record).toBeDefined();
    expect(model.lease).toMatchObject({ record: { holder: undefined, requests: { approve: "r x" } } });
  });
});
