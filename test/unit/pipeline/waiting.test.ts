import { describe, expect, it } from "vitest";
import {
  CancelledError,
  ConflictError,
  PermanentError,
  TimeoutError,
  TransientError,
} from "../../../src/errors.ts";
import { isWorthRetrying, mistakeOf, pauseMs, retry, untilItWorks } from "../../../src/pipeline/retry.ts";
import { waitFor } from "../../../src/pipeline/wait.ts";
import { bench } from "./bench.ts";

const away = (retryAfterMs?: number) => new TransientError("it", "away", { retryAfterMs });

describe("attempts until one works", () => {
  const failure = new PermanentError("HELM_FAILED", "no");

  it("are made again although the first took longer than the time allowed, which counts from its failure", async () => {
    const { options, clock } = bench();
    let tries = 0;
    const attempt = async () => {
      tries += 1;
      await clock.sleep(10 * options.timeoutMs);
      return tries < 2 ? failure : undefined;
    };
    await untilItWorks(attempt, options);
    expect(tries).toBe(2);
  });

  it("end with the last failure once the time allowed is over", async () => {
    const { options, clock } = bench();
    const began = clock.now();
    await expect(untilItWorks(() => Promise.resolve(failure), options)).rejects.toBe(failure);
    expect(clock.now() - began).toBeGreaterThanOrEqual(options.timeoutMs);
  });
});

describe("a retry", () => {
  it("asks again with growing pauses until there is an answer", async () => {
    const { options, clock } = bench();
    const at: number[] = [];
    const began = clock.now();
    const answer = await retry(async () => {
      at.push(clock.now() - began);
      if (at.length < 5) throw away();
      return "yes";
    }, options);
    expect(answer).toBe("yes");
    expect(at).toEqual([0, 250, 750, 1_750, 3_750]);
  });

  it("gives up after the budget, and says so to whoever would ask once more", async () => {
    const { options, clock } = bench();
    const began = clock.now();
    const error = await retry(() => Promise.reject(away()), options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TransientError);
    expect(clock.now() - began).toBe(60_000);
    expect([
      isWorthRetrying(error),
      isWorthRetrying(away()),
      isWorthRetrying(new ConflictError("x")),
    ]).toEqual([false, true, true]);
  });

  it("waits as long as it was asked to, and throws what is no outage at once", async () => {
    const { options, clock } = bench();
    expect([pauseMs(1, away(7_000)), pauseMs(1, away()), pauseMs(20, away())]).toEqual([7_000, 250, 15_000]);
    const began = clock.now();
    const error = new PermanentError("NO", "no");
    await expect(retry(() => Promise.reject(error), options)).rejects.toBe(error);
    expect(clock.now()).toBe(began);
  });

  it.each([
    ["at once", 0, 250],
    ["in the past", -5_000, 250],
    ["in an hour", 3_600_000, 15_000],
    ["rubbish", NaN, 250],
    ["never", Infinity, 250],
  ])("keeps its pauses within bounds whatever Retry-After says: %s", (_, asked, pause) => {
    expect(pauseMs(1, away(asked))).toBe(pause);
  });

  it("takes a refusal for a mistake only while inputs are checked", async () => {
    const { options, clock } = bench();
    const refused = (status: number, setting?: string) =>
      new TransientError("Cloud DNS", "zone x: no", { status, setting, hint: "check the role" });
    const began = clock.now();
    const strict = { ...options, refusals: "mistake" as const };
    for (const status of [401, 403, 404])
      await expect(retry(() => Promise.reject(refused(status)), strict)).rejects.toMatchObject({
        problems: [{ where: "Cloud DNS", what: "zone x: no; check the role" }],
      });
    expect(clock.now()).toBe(began);
    await expect(retry(() => Promise.reject(refused(403)), options)).rejects.toMatchObject({ status: 403 });
    expect(clock.now() - began).toBe(60_000);
    for (const status of [400, 409, 429, 500, 503]) expect(mistakeOf(refused(status))).toBeUndefined();
    expect(mistakeOf(refused(410, "DATA_CONFIG_PATH"))?.problems[0]?.where).toBe("DATA_CONFIG_PATH");
    expect(mistakeOf(refused(429, "DATA_CONFIG_PATH"))).toBeUndefined();
  });

  it("takes a machine that has run out of something for an outage", async () => {
    const { options, clock } = bench();
    for (const code of ["ENOSPC", "EROFS", "EMFILE", "EAGAIN", "ENOMEM"]) {
      const began = clock.now();
      const error = Object.assign(new Error("raw"), { code });
      const failed = await retry(() => Promise.reject(error), options).catch((e: unknown) => e);
      expect(failed).toMatchObject({ dependency: "this machine" });
      expect((failed as Error).message).not.toContain("raw");
      expect(clock.now() - began).toBe(60_000);
    }
  });

  it("stops in the middle of a pause when it is told to", async () => {
    const { options, clock } = bench();
    const controller = new AbortController();
    clock.at(clock.now() + 5_000, () => controller.abort(new CancelledError("STOPPED", "stop")));
    await expect(
      retry(() => Promise.reject(away()), { ...options, signal: controller.signal }),
    ).rejects.toMatchObject({
      code: "STOPPED",
    });
  });
});

describe("a wait", () => {
  const options = (timeoutMs: number, look: () => Promise<{ done: string } | { seen: string }>) => ({
    ...{ code: "LATE", what: "the thing", timeoutMs, look },
  });

  it("looks until it is done, and says each thing that it sees once", async () => {
    const { clock, log, signal, lines } = bench();
    let looks = 0;
    const look = async () => {
      looks += 1;
      return looks < 5 ? { seen: looks < 3 ? "red" : "amber" } : { done: "green" };
    };
    expect(await waitFor(options(90_000, look), { clock, log, signal })).toBe("green");
    expect(lines).toEqual(["red", "amber"]);
  });

  it("ends at its deadline, not an interval later, with what was seen last", async () => {
    const { clock, log, signal } = bench();
    const began = clock.now();
    const wait = waitFor(
      options(25_000, async () => ({ seen: "red" })),
      { clock, log, signal },
    );
    await expect(wait).rejects.toThrow(/the thing after .*red/);
    await expect(wait).rejects.toBeInstanceOf(TimeoutError);
    expect(clock.now() - began).toBe(25_000);
  });

  it("looks often at first, and every few seconds later", async () => {
    const { clock, log, signal } = bench();
    const began = clock.now();
    const at: number[] = [];
    const look = async () => {
      at.push(clock.now() - began);
      return at.length < 90 ? { seen: "red" } : { done: "green" };
    };
    await waitFor(options(3_600_000, look), { clock, log, signal });
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses[0]).toBe(250);
    expect(pauses.at(-1)).toBe(5_000);
    expect(pauses.filter((pause, index) => pause < (pauses[index - 1] ?? 0))).toEqual([]);
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
