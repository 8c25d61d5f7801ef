import { describe, expect, it } from "vitest";
import {
  CancelledError,
  ConflictError,
  PermanentError,
  TimeoutError,
  TransientError,
} from "../../../src/errors.ts";
import { isTransient, patiently, pauseMs } from "../../../src/pipeline/patience.ts";
import { waitFor } from "../../../src/pipeline/wait.ts";
import { bench } from "./bench.ts";

const away = (retryAfterMs?: number) => new TransientError("it", "away", { retryAfterMs });

describe("patience", () => {
  it("asks again with growing pauses until there is an answer", async () => {
    const { patience, signal, clock } = bench();
    const at: number[] = [];
    const began = clock.now();
    const answer = await patiently(
      async () => {
        at.push(clock.now() - began);
        if (at.length < 5) throw away();
        return "yes";
      },
      patience,
      signal,
    );
    expect(answer).toBe("yes");
    expect(at).toEqual([0, 250, 750, 1_750, 3_750]);
  });

  it("gives up after the budget, and says so to whoever would ask once more", async () => {
    const { patience, signal, clock } = bench();
    const began = clock.now();
    const error = await patiently(() => Promise.reject(away()), patience, signal).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TransientError);
    expect(clock.now() - began).toBe(60_000);
    expect([isTransient(error), isTransient(away()), isTransient(new ConflictError("x"))]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("waits as long as it was asked to, and throws what is no outage at once", async () => {
    const { patience, signal, clock } = bench();
    expect([pauseMs(1, away(7_000)), pauseMs(1, away()), pauseMs(20, away())]).toEqual([7_000, 250, 15_000]);
    const began = clock.now();
    const error = new PermanentError("NO", "no");
    await expect(patiently(() => Promise.reject(error), patience, signal)).rejects.toBe(error);
    expect(clock.now()).toBe(began);
  });

  it("stops in the middle of a pause when it is told to", async () => {
    const { patience, clock } = bench();
    const controller = new AbortController();
    clock.at(clock.now() + 5_000, () => controller.abort(new CancelledError("STOPPED", "stop")));
    await expect(patiently(() => Promise.reject(away()), patience, controller.signal)).rejects.toMatchObject({
      code: "STOPPED",
    });
  });
});

describe("a wait", () => {
  const options = (deadline: number, look: () => Promise<{ done: string } | { seen: string }>) => ({
    code: "LATE",
    what: "the thing",
    intervalMs: 10_000,
    deadline,
    look,
  });

  it("looks until it is done, and says each thing that it sees once", async () => {
    const { clock, log, signal, lines } = bench();
    let looks = 0;
    const look = async () => {
      looks += 1;
      return looks < 5 ? { seen: looks < 3 ? "red" : "amber" } : { done: "green" };
    };
    expect(await waitFor(options(clock.now() + 90_000, look), { clock, log, signal })).toBe("green");
    expect(lines).toEqual(["red", "amber"]);
  });

  it("ends at its deadline, not an interval later, with what was seen last", async () => {
    const { clock, log, signal } = bench();
    const began = clock.now();
    const wait = waitFor(
      options(began + 25_000, async () => ({ seen: "red" })),
      { clock, log, signal },
    );
    await expect(wait).rejects.toThrow(/the thing: .*red/);
    await expect(wait).rejects.toBeInstanceOf(TimeoutError);
    expect(clock.now() - began).toBe(25_000);
  });

  it("looks at least once, also when its deadline has passed", async () => {
    const { clock, log, signal } = bench();
    expect(
      await waitFor(
        options(0, async () => ({ done: "yes" })),
        { clock, log, signal },
      ),
    ).toBe("yes");
  });
});
