import { describe, expect, it } from "vitest";
import { CancelledError, CheckpointError, TransientError } from "../../../src/errors.ts";
import { Checkpoint } from "../../../src/pipeline/checkpoint.ts";
import { noAttachments } from "../../../src/pipeline/state.ts";
import { bench } from "./bench.ts";

const timings: [string, number[]][] = [["a", [1]]];

describe("a checkpoint", () => {
  it("writes what it is given, and keeps attachments beside it", async () => {
    const { checkpoint, signal, store } = bench();
    const kept = checkpoint();
    await kept.write({}, signal);
    await kept.write({ attachments: { timings } }, signal);
    await kept.write({ state: { release: "prod-bbbbb" } }, signal);
    const stored = await store.load();
    expect(stored?.run).toMatchObject({
      runId: "r",
      release: "prod-bbbbb",
      steps: [{ name: "one" }, {}, {}],
    });
    expect(stored?.attachments["timings"]).toEqual(timings);
    expect(kept.attachments.timings).toEqual(timings);
  });

  it("drops what earlier versions kept with the first write of the next run", async () => {
    const { store, options, state, signal } = bench();
    const version = await store.save({ run: state, attachments: { data: "old", timings } }, undefined);
    const next = new Checkpoint({
      ...{ store, retry: options, state, stored: state, version },
      attachments: { ...noAttachments, timings },
      ensureHeld: async () => undefined,
      redact: (text) => text,
    });
    await next.write({ attachments: { jobs: [] }, dropped: ["data"] }, signal);
    expect(Object.keys((await store.load())?.attachments ?? {})).toEqual(["timings", "jobs"]);
  });

  it("finds its own write behind an answer that was lost", async () => {
    const { checkpoint, signal, store, model } = bench();
    const kept = checkpoint();
    await kept.write({}, signal);
    const save = store.save.bind(store);
    let lost = 1;
    store.save = async (...args) => {
      const version = await save(...args);
      if (lost-- > 0) throw new TransientError("the API server", "reset");
      return version;
    };
    await kept.write({ state: { reinstall: "n" } }, signal);
    await kept.write({ state: { reinstall: "m" } }, signal);
    expect(model.run).toMatchObject({ reinstall: "m" });
  });

  it("never overwrites what somebody else has written", async () => {
    const { checkpoint, signal, store, state, model } = bench();
    const kept = checkpoint();
    await kept.write({}, signal);
    await store.save({ run: { ...state, reinstall: "theirs" } }, (await store.load())?.version);
    const mine = kept.write({ state: { reinstall: "mine" } }, signal);
    await expect(mine).rejects.toBeInstanceOf(CheckpointError);
    expect(model.run).toMatchObject({ reinstall: "theirs" });
  });

  it("writes nothing after a conflict when the lease was lost meanwhile", async () => {
    const { checkpoint, signal, store, state } = bench();
    let isHeld = true;
    const lost = new CancelledError("LEASE_LOST", "lost");
    const kept = checkpoint(() => (isHeld ? Promise.resolve() : Promise.reject(lost)));
    await kept.write({}, signal);
    await store.save({ run: state }, (await store.load())?.version);
    isHeld = false;
    const mine = kept.write({ state: { reinstall: "mine" } }, signal);
    await expect(mine).rejects.toMatchObject({ code: "LEASE_LOST" });
  });

  it("writes nothing at all when the lease was lost before its first write", async () => {
    const { checkpoint, signal, model } = bench();
    const kept = checkpoint(() => Promise.reject(new CancelledError("LEASE_LOST", "lost")));
    await expect(kept.write({}, signal)).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(model.run).toBeUndefined();
  });

  it("is written anew, attachments included, when somebody deleted it", async () => {
    const { checkpoint, signal, model, store } = bench();
    const kept = checkpoint();
    await kept.write({}, signal);
    await kept.write({ attachments: { timings } }, signal);
    model.state = undefined;
    await kept.write({ state: { reinstall: "n" } }, signal);
    const stored = await store.load();
    expect(stored?.run).toMatchObject({ reinstall: "n" });
    expect(stored?.attachments["timings"]).toEqual(timings);
  });

  it("writes one after the other, however many are asked for at once", async () => {
    const { checkpoint, signal, model } = bench();
    const kept = checkpoint();
    await kept.write({}, signal);
    await Promise.all(["1", "2", "3", "4"].map((reinstall) => kept.write({ state: { reinstall } }, signal)));
    expect(model.run).toMatchObject({ reinstall: "4" });
  });
});
