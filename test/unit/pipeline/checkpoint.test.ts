import { describe, expect, it } from "vitest";
import { CancelledError, CheckpointError, TransientError } from "../../../src/errors.ts";
import { Checkpoint } from "../../../src/pipeline/checkpoint.ts";
import { bench } from "./bench.ts";

describe("a checkpoint", () => {
  it("writes what it is given, and keeps attachments beside it", async () => {
    const { checkpoint, signal, store } = bench();
    const kept = checkpoint();
    await kept.begin([], signal);
    await kept.attach("data", Buffer.from("x"), signal);
    await kept.save({ note: "n" }, signal);
    await kept.saveStep("one", { status: "done" }, signal, { other: 1 });
    const stored = await store.load();
    expect(stored?.run).toMatchObject({
      note: "n",
      other: 1,
      steps: [{ name: "one", status: "done" }, {}, {}],
    });
    expect(Object.keys(stored?.attachments ?? {})).toEqual(["data"]);
  });

  it("drops the attachments of an earlier run with the first write of the next", async () => {
    const { store, patience, run, signal } = bench();
    const version = await store.save(
      { run, attachments: { data: Buffer.from("old"), kept: Buffer.from("k") } },
      undefined,
    );
    const { attachments = {} } = (await store.load()) ?? {};
    const next = new Checkpoint({
      store,
      patience,
      run,
      version,
      attachments,
      ensureHeld: async () => undefined,
    });
    await next.begin(["data"], signal);
    expect(next.attachment("data")).toBeUndefined();
    expect(Object.keys((await store.load())?.attachments ?? {})).toEqual(["kept"]);
  });

  it("finds its own write behind an answer that was lost", async () => {
    const { checkpoint, signal, store, model } = bench();
    const kept = checkpoint();
    await kept.begin([], signal);
    const save = store.save.bind(store);
    let lost = 1;
    store.save = async (...args) => {
      const version = await save(...args);
      if (lost-- > 0) throw new TransientError("the API server", "reset");
      return version;
    };
    await kept.save({ note: "n" }, signal);
    await kept.save({ note: "m" }, signal);
    expect(model.run).toMatchObject({ note: "m" });
  });

  it("never overwrites what somebody else has written", async () => {
    const { checkpoint, signal, store, run, model } = bench();
    const kept = checkpoint();
    await kept.begin([], signal);
    await store.save({ run: { ...run, note: "theirs" } }, (await store.load())?.version);
    await expect(kept.save({ note: "mine" }, signal)).rejects.toBeInstanceOf(CheckpointError);
    expect(model.run).toMatchObject({ note: "theirs" });
  });

  it("writes nothing after a conflict when the lease was lost meanwhile", async () => {
    const { checkpoint, signal, store, run } = bench();
    let isHeld = true;
    const lost = new CancelledError("LEASE_LOST", "lost");
    const kept = checkpoint(() => (isHeld ? Promise.resolve() : Promise.reject(lost)));
    await kept.begin([], signal);
    await store.save({ run }, (await store.load())?.version);
    isHeld = false;
    await expect(kept.save({ note: "mine" }, signal)).rejects.toMatchObject({ code: "LEASE_LOST" });
  });

  it("writes nothing at all when the lease was lost before its first write", async () => {
    const { checkpoint, signal, model } = bench();
    const kept = checkpoint(() => Promise.reject(new CancelledError("LEASE_LOST", "lost")));
    await expect(kept.begin([], signal)).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(model.run).toBeUndefined();
  });

  it("is written anew, attachments included, when somebody deleted it", async () => {
    const { checkpoint, signal, model, store } = bench();
    const kept = checkpoint();
    await kept.begin([], signal);
    await kept.attach("data", Buffer.from("x"), signal);
    model.state = undefined;
    await kept.save({ note: "n" }, signal);
    const stored = await store.load();
    expect(stored?.run).toMatchObject({ note: "n" });
    expect(Object.keys(stored?.attachments ?? {})).toEqual(["data"]);
  });

  it("writes one after the other, however many are asked for at once", async () => {
    const { checkpoint, signal, model } = bench();
    const kept = checkpoint();
    await kept.begin([], signal);
    await Promise.all([1, 2, 3, 4].map((other) => kept.save({ other }, signal)));
    expect(model.run).toMatchObject({ other: 4 });
  });
});
