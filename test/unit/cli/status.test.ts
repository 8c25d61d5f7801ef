import { describe, expect, it } from "vitest";
import { jsonViewer, plainViewer, type Viewer, watchStatus } from "../../../src/cli/status.ts";
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
      ...{ commands: {}, reopened: undefined, waits: undefined },
      step: { name: "await-harvest", position: 5, of: 8, status: "running", since: undefined },
      harvest: {
        list: "1",
        ended,
        jobs: 82,
        current: `job ${ended + 1}`,
        currentSince: "2026-11-22T12:00:00Z",
        ...{ currentUsualMs: undefined, records: undefined, expectedAt: undefined, slow: undefined },
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
    await watched(
      () => jsonViewer((text) => void written.push(text), JSON.stringify),
      [status(1), status(1), status(2)],
    );
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

  it("ends when it is told to", async () => {
    const clock = new FakeClock({ start });
    const stop = new AbortController();
    const show = () => {
      if (clock.now() > start + 20_000) stop.abort(new Error("stopped"));
    };
    await expect(watchStatus(async () => status(1), show, clock, stop.signal)).rejects.toThrow("stopped");
  });
});
