import { describe, expect, it } from "vitest";
import { AbortedError, CancelledError, PermanentError, TransientError } from "../../../src/errors.ts";
import { runSteps } from "../../../src/pipeline/engine.ts";
import type { Run } from "../../../src/pipeline/run.ts";
import { again, done, skipped, type Step, type StepResult } from "../../../src/pipeline/step.ts";
import { bench } from "./bench.ts";

type Act = (run: Run) => Promise<StepResult>;

async function pipeline(acts: Record<string, Act>, by?: AbortSignal) {
  const made = bench(Object.keys(acts));
  const ran: string[] = [];
  const steps = Object.entries(acts).map(([name, act]): Step => ({
    ...{ name, summary: name },
    run: (run) => {
      ran.push(name);
      return act(run);
    },
  }));
  const opened = await made.open(by);
  const run = () => runSteps(opened, steps);
  const statuses = () => opened.state.steps.map(({ status }) => status);
  return { ...made, opened, run, ran, statuses };
}

const fine: Act = async () => done("fine");

describe("the engine", () => {
  it("runs the steps in order, each seeing what was saved before, and writes it down", async () => {
    const { run, ran, statuses, model } = await pipeline({
      one: async (own) => {
        await own.save({ reinstall: "a" });
        return done("1");
      },
      two: async ({ state }) => skipped(`saw ${state.reinstall ?? ""}`),
    });
    await run();
    expect(ran).toEqual(["one", "two"]);
    expect(statuses()).toEqual(["done", "skipped"]);
    expect(model.run).toMatchObject({ reinstall: "a", steps: [{}, { output: "saw a", attempts: 1 }] });
  });

  it("goes on where it was stopped, and counts the attempts over all builders", async () => {
    let stop = true;
    const { run, ran, fake, opened } = await pipeline({
      one: fine,
      two: async () => {
        if (stop) throw new CancelledError("STOPPED", "stop");
        return done("");
      },
    });
    await expect(run()).rejects.toMatchObject({ code: "STOPPED" });
    expect(opened.stepRecord("two")).toMatchObject({ status: "running", attempts: 1 });
    stop = false;
    await run();
    expect(ran).toEqual(["one", "two", "two"]);
    const reasons = fake.events.map((event) => event.split(":")[0]);
    expect(reasons.filter((reason) => reason !== "StepStarted")).toEqual([
      "StepDone",
      "StepInterrupted",
      "StepDone",
    ]);
    expect(opened.stepRecord("two")).toMatchObject({ status: "done", attempts: 2 });
  });

  it("marks the step that failed, and leaves one that was aborted as it was", async () => {
    const failing = await pipeline({ one: () => Promise.reject(new PermanentError("NO", "no")) });
    await expect(failing.run()).rejects.toMatchObject({ code: "NO" });
    expect(failing.statuses()).toEqual(["failed"]);
    expect(failing.fake.events.at(-1)).toMatch(/^StepFailed: r: one after/);
    const aborted = await pipeline({ one: () => Promise.reject(new AbortedError("end")) });
    await expect(aborted.run()).rejects.toMatchObject({ code: "ABORTED" });
    expect(aborted.statuses()).toEqual(["running"]);
  });

  it("runs a step again through an outage, up to the budget", async () => {
    let failures = 4;
    const passing = await pipeline({
      one: async () => {
        if (failures-- > 0) throw new TransientError("it", "away");
        return done("");
      },
    });
    await passing.run();
    expect(passing.ran).toHaveLength(5);
    const failing = await pipeline({ one: () => Promise.reject(new TransientError("it", "away")) });
    const began = failing.clock.now();
    await expect(failing.run()).rejects.toBeInstanceOf(TransientError);
    expect(failing.clock.now() - began).toBeGreaterThanOrEqual(60_000);
    expect(failing.clock.now() - began).toBeLessThan(90_000);
    expect(failing.statuses()).toEqual(["running"]);
  });

  it("begins an outage with its failure, not with the hours that the step had worked before", async () => {
    let failures = 2;
    const { run, ran } = await pipeline({
      one: async ({ clock }) => {
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
    const { run, ran, store } = await pipeline({
      one: fine,
      two: fine,
      three: async () => {
        if (!spoilt) return done("");
        spoilt = false;
        return again("one", "spoilt");
      },
    });
    const save = store.save.bind(store);
    store.save = (change, basedOn) => {
      const { steps } = change.run as { steps: { status: string }[] };
      seen.push(steps.map(({ status }) => status));
      return save(change, basedOn);
    };
    await run();
    expect(ran).toEqual(["one", "two", "three", "one", "two", "three"]);
    const after = seen[seen.findIndex(([, , third]) => third === "running") + 1];
    expect(after).toEqual(["pending", "pending", "pending"]);
  });

  it("does not go back for ever", async () => {
    const { run } = await pipeline({ one: fine, two: async () => again("one", "spoilt") });
    await expect(run()).rejects.toMatchObject({ code: "RESTARTS" });
  });

  it("begins nothing once it was told to stop", async () => {
    const stopped = AbortSignal.abort(new CancelledError("STOPPED", "stop"));
    const { run, ran } = await pipeline({ one: fine }, stopped);
    await expect(run()).rejects.toMatchObject({ code: "STOPPED" });
    expect(ran).toEqual([]);
  });
});
