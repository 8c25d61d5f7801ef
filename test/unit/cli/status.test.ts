import { describe, expect, it } from "vitest";
import { jsonViewer, liveViewer, plainViewer, type Viewer, watchStatus } from "../../../src/cli/status.ts";
import type { Status } from "../../../src/operate/status.ts";
import { FakeClock } from "../../fakes/clock.ts";

const start = Date.parse("2026-11-22T12:00:00Z");

type StatusRun = NonNullable<Status["run"]>;

function status(ended: number, phase: StatusRun["phase"] = "running"): Status {
  return {
    environment: "prod",
    live: { releases: ["prod-j8x91"], since: undefined, directUpdate: undefined },
    run: {
      runId: "prod-20261122-1200",
      release: "prod-k3m7q",
      phase,
      startedAt: "2026-11-22T12:00:00Z",
      ...{ finishedAt: undefined, expectedAt: undefined, builder: undefined, failure: undefined },
      ...{ commands: {}, reopened: undefined },
      step: { name: "await-harvest", position: 5, of: 8, status: "running", since: undefined },
      harvest: {
        list: "1",
        ended,
        jobs: 82,
        current: `job ${ended + 1}`,
        currentSince: "2026-11-22T12:00:00Z",
        ...{ currentUsualMs: undefined, records: undefined, expectedAt: undefined, slow: undefined },
        recent: [{ job: `job ${ended}`, exitCode: "NOT_MODIFIED", seconds: 60, records: 1234 }],
      },
    },
    later: undefined,
    history: { runs: 0, live: 0, medianMs: undefined },
  };
}

/** Watches until the given statuses are used up; the last one is over. */
async function watched(make: (clock: FakeClock) => Viewer, seen: Status[]): Promise<void> {
  const clock = new FakeClock({ start });
  const left = [...seen];
  const read = async () => left.shift() ?? status(82, "succeeded");
  await watchStatus(read, make(clock), clock, new AbortController().signal);
  expect(left).toEqual([]);
}

describe("watching the status", () => {
  it("prints one JSON document a line whenever anything changed", async () => {
    const written: string[] = [];
    await watched(() => jsonViewer((text) => void written.push(text)), [status(1), status(1), status(2)]);
    expect(written.map((text) => (JSON.parse(text) as Status).run?.harvest?.ended)).toEqual([1, 2, 82]);
    expect(written.every((text) => text.indexOf("\n") === text.length - 1)).toBe(true);
  });

  it("prints without a terminal all of it once, then what changed, but not that time goes by", async () => {
    const written: string[] = [];
    const same = Array.from({ length: 40 }, () => status(1));
    await watched((clock) => plainViewer((text) => void written.push(text), clock), [...same, status(2)]);
    expect(written).toHaveLength(3);
    expect(written[0]).toMatch(/^live {6}prod-j8x91\nrun .*\nstep .*1 of 82\nnow /);
    expect(written[1]).toMatch(/^12:03:20 step .*2 of 82\n12:03:20 now .*job 3 .*running 3m 20s\n$/);
    expect(written.join("")).not.toContain("\u001b");
  });

  it("redraws on a terminal every second, with the jobs that ended last, and leaves the last picture", async () => {
    const painted: string[] = [];
    let kept = 0;
    const screen = { paint: (text: string) => void painted.push(text), keep: () => void (kept += 1) };
    await watched((clock) => liveViewer(screen, clock), [status(1), status(2)]);
    expect(painted).toHaveLength(1 + 5 + 1 + 5 + 1);
    expect(painted[3]).toContain("ended     job 1  not modified  1m  1,234 records");
    expect(painted[3]).toContain("running 3s");
    expect(painted[3]).toContain("as of Sun 12:00:03 UTC");
    expect(painted[4]).toContain("running 4s");
    expect(painted.at(-1)).not.toContain("Ctrl-C");
    expect(kept).toBe(1);
  });

  it("ends when it is told to, and leaves the screen in order", async () => {
    const clock = new FakeClock({ start });
    const stop = new AbortController();
    let kept = 0;
    const paint = () => {
      if (clock.now() > start + 2_000) stop.abort(new Error("stopped"));
    };
    const screen = { paint, keep: () => void (kept += 1) };
    const watch = watchStatus(async () => status(1), liveViewer(screen, clock), clock, stop.signal);
    await expect(watch).rejects.toThrow("stopped");
    expect(kept).toBe(1);
  });
});
