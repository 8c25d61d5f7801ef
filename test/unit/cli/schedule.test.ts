import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runBySchedule } from "../../../src/cli/schedule.ts";
import type { ExitCode } from "../../../src/errors.ts";

const sunday = { expression: "0 12 * * SUN", timezone: "UTC" };
const minute = 60_000;
/** The timers that the test moves. */
const clock = { sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };
const hour = 60 * minute;
const week = 7 * 24 * hour;

describe("schedule", () => {
  let stop = new AbortController();
  const said: string[] = [];
  const begun: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 9) });
    stop = new AbortController();
  });
  afterEach(() => {
    stop.abort();
    vi.useRealTimers();
    said.length = begun.length = 0;
  });

  /** Rebuilds that end with these codes, then with 0; each takes an hour. */
  function start(...codes: ExitCode[]): void {
    const rebuildOnce = async () => {
      begun.push(new Date().toISOString().slice(0, 16));
      await new Promise((resolve) => setTimeout(resolve, hour));
      return codes.shift() ?? 0;
    };
    const stdout = (text: string) => void said.push(text);
    void runBySchedule(sunday, rebuildOnce, { signal: stop.signal, stdout, clock });
  }

  it("rebuilds at each slot, and says when the next one is", async () => {
    start();
    await vi.advanceTimersByTimeAsync(week + 30 * hour);
    expect(begun).toEqual(["2026-11-22T12:00", "2026-11-29T12:00"]);
    expect(said[0]).toBe('waiting for "0 12 * * SUN" (UTC); next: 2026-11-22T12:00:00.000Z\n');
    expect(said[1]).toBe("run ended with exit code 0; next: 2026-11-29T12:00:00.000Z\n");
  });

  it("takes up what was interrupted after a minute, not at the next slot", async () => {
    start(75, 75, 1);
    await vi.advanceTimersByTimeAsync(week);
    expect(begun).toEqual(["2026-11-22T12:00", "2026-11-22T13:01", "2026-11-22T14:02"]);
    expect(said.at(-1)).toContain("exit code 1");
  });

  it("makes up once for slots that were slept through", async () => {
    start();
    await vi.advanceTimersByTimeAsync(hour);
    vi.setSystemTime(Date.UTC(2026, 11, 1, 8)); // two Sundays later, a Tuesday
    await vi.advanceTimersByTimeAsync(30 * hour);
    expect(begun).toHaveLength(1);
    expect(said.join("")).toContain("missed a scheduled run; starting it now");
  });

  it("told to stop in mid-rebuild, waits for its end and returns how it ended", async () => {
    const codes: ExitCode[] = [75];
    const rebuildOnce = async () => {
      await once(stop.signal, "abort");
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      begun.push("ended");
      return codes.shift() ?? 0;
    };
    const ended = runBySchedule(sunday, rebuildOnce, { signal: stop.signal, stdout: () => undefined, clock });
    await vi.advanceTimersByTimeAsync(28 * hour);
    stop.abort();
    await vi.advanceTimersByTimeAsync(minute);
    expect(begun).toEqual(["ended"]);
    expect(await ended).toBe(75);
  });

  it("told to stop between rebuilds, ends with 0", async () => {
    const rebuildOnce = async (): Promise<ExitCode> => 1;
    const ended = runBySchedule(sunday, rebuildOnce, { signal: stop.signal, stdout: () => undefined, clock });
    await vi.advanceTimersByTimeAsync(28 * hour);
    stop.abort();
    expect(await ended).toBe(0);
  });
});
