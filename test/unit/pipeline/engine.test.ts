import { describe, expect, it } from "vitest";
import { AbortedError, CancelledError, PermanentError, TransientError } from "../../../src/errors.ts";
import { runPipeline } from "../../../src/pipeline/engine.ts";
import {
  again,
  done,
  skipped,
  type Step,
  type StepContext,
  type StepResult,
} from "../../../src/pipeline/step.ts";
import { bench, type Notes } from "./bench.ts";

type Act = (state: Readonly<Notes>, context: StepContext<Notes>) => Promise<StepResult<Notes>>;

function pipeline(acts: Record<string, Act>) {
  const made = bench(Object.keys(acts));
  const { clock, log, signal } = made;
  const ran: string[] = [];
  const steps = Object.entries(acts).map(([name, act]): Step<object, Notes> => ({
    name,
    summary: name,
    run: (_, state, context) => {
      ran.push(name);
      return act(state, context);
    },
  }));
  const checkpoint = made.checkpoint();
  const ends: string[] = [];
  const run = (by: AbortSignal = signal) =>
    runPipeline({
      steps,
      ports: {},
      checkpoint,
      clock,
      log: () => log,
      signal: by,
      retryBudgetMs: 60_000,
      say: (ms) => `${ms}ms`,
      observer: { finished: (name, end) => void ends.push(`${name} ${end}`) },
    });
  const statuses = () => checkpoint.run.steps.map(({ status }) => status);
  return { ...made, checkpoint, run, ran, ends, statuses };
}

const fine: Act = async () => done("fine");

describe("the engine", () => {
  it("runs the steps in order, merges what they return, and writes it down", async () => {
    const { run, ran, statuses, model } = pipeline({
      one: async () => done("1", { note: "a" }),
      two: async (state) => skipped(`saw ${state.note ?? ""}`, { other: 2 }),
    });
    await run();
    expect(ran).toEqual(["one", "two"]);
    expect(statuses()).toEqual(["done", "skipped"]);
    expect(model.run).toMatchObject({ note: "a", other: 2, steps: [{}, { output: "saw a", attempts: 1 }] });
  });

  it("goes on where it was stopped, and counts the attempts over all builders", async () => {
    let stop = true;
    const { run, ran, ends, checkpoint } = pipeline({
      one: fine,
      two: async () => {
        if (stop) throw new CancelledError("STOPPED", "stop");
        return done("");
      },
    });
    await expect(run()).rejects.toMatchObject({ code: "STOPPED" });
    expect(checkpoint.step("two")).toMatchObject({ status: "running", attempts: 1 });
    stop = false;
    await run();
    expect(ran).toEqual(["one", "two", "two"]);
    expect(ends).toEqual(["one done", "two interrupted", "two done"]);
    expect(checkpoint.step("two")).toMatchObject({ status: "done", attempts: 2 });
  });

  it("marks the step that failed, and leaves one that was aborted as it was", async () => {
    const failing = pipeline({ one: () => Promise.reject(new PermanentError("NO", "no")) });
    await expect(failing.run()).rejects.toMatchObject({ code: "NO" });
    expect(failing.statuses()).toEqual(["failed"]);
    expect(failing.ends).toEqual(["one failed"]);
    const aborted = pipeline({ one: () => Promise.reject(new AbortedError("end")) });
    await expect(aborted.run()).rejects.toMatchObject({ code: "ABORTED" });
    expect(aborted.statuses()).toEqual(["running"]);
  });

  it("runs a step again through an outage, up to the budget", async () => {
    let failures = 4;
    const passing = pipeline({
      one: async () => {
        if (failures-- > 0) throw new TransientError("it", "away");
        return done("");
      },
    });
    await passing.run();
    expect(passing.ran).toHaveLength(5);
    const failing = pipeline({ one: () => Promise.reject(new TransientError("it", "away")) });
    const began = failing.clock.now();
    await expect(failing.run()).rejects.toBeInstanceOf(TransientError);
    expect(failing.clock.now() - began).toBeGreaterThanOrEqual(60_000);
    expect(failing.clock.now() - began).toBeLessThan(90_000);
    expect(failing.statuses()).toEqual(["running"]);
  });

  it("begins an outage with its failure, not with the hours that the step had worked before", async () => {
    let failures = 2;
    const { run, ran } = pipeline({
      one: async (_, { clock }) => {
        await clock.sleep(10 * 3_600_000);
        if (failures-- > 0) throw new TransientError("it", "away");
        return done("");
      },
    });
    await run();
    expect(ran).toHaveLength(3);
  });

  it("goes back to an earlier step in one write: no step in between is left done", async () => {
    let spoilt = true;
    const seen: string[][] = [];
    const { run, ran, store } = pipeline({
      one: fine,
      two: fine,
      three: async () => {
        if (!spoilt) return done("");
        spoilt = false;
        return again("one", "spoilt", { note: "why" });
      },
    });
    const save = store.save.bind(store);
    store.save = (change, basedOn) => {
      const { steps, note } = change.run as { steps: { status: string }[]; note?: string };
      seen.push([note ?? "", ...steps.map(({ status }) => status)]);
      return save(change, basedOn);
    };
    await run();
    expect(ran).toEqual(["one", "two", "three", "one", "two", "three"]);
    expect(seen.find(([note]) => note === "why")).toEqual(["why", "pending", "pending", "pending"]);
  });

  it("does not go back for ever", async () => {
    const { run } = pipeline({ one: fine, two: async () => again("one", "spoilt") });
    await expect(run()).rejects.toMatchObject({ code: "RESTARTS" });
  });

  it("begins nothing once it was told to stop", async () => {
    const { run, ran } = pipeline({ one: fine });
    await expect(run(AbortSignal.abort(new CancelledError("STOPPED", "stop")))).rejects.toMatchObject({
      code: "STOPPED",
    });
    expect(ran).toEqual([]);
  });
});
