import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../../src/domain/history.ts";
import { details, overview } from "../../../src/operate/history.ts";

const entry: HistoryEntry = {
  runId: "prod-20261122-1200",
  release: "prod-k3m7q",
  phase: "failed",
  startedAt: "2026-11-22T12:00:00.000Z",
  finishedAt: "2026-11-22T18:00:00.000Z",
  harvest: { jobs: 82, ended: 41 },
  inputs: { valuesDigest: "ab12" },
};
const rowOf = (run: HistoryEntry, title: string) => details(run).find((line) => line.startsWith(title));

describe("all about a run", () => {
  it("ends with state of its release when it failed", () => {
    const lines = ["portal: CrashLoopBackOff (pod portal-1)", "  portal: no such host"];
    const evidence = { release: entry.release, takenAt: "2026-11-22T18:00:00.000Z", lines };
    expect(details({ ...entry, evidence }).slice(-4)).toEqual([
      "",
      "state of prod-k3m7q when the run failed, 22 Nov 18:00 UTC",
      "  portal: CrashLoopBackOff (pod portal-1)",
      "    portal: no such host",
    ]);
  });

  it("says how far a harvest came that was never judged", () => {
    expect(rowOf(entry, "jobs")).toMatch(/^jobs +82, of which 41 had ended$/);
    const judged = { ...entry, harvest: { jobs: 82, ended: 82, bad: 2 } };
    expect(rowOf(judged, "jobs")).toMatch(/82, 2 did not end well$/);
    expect(rowOf({ ...entry, harvest: undefined }, "jobs")).toBeUndefined();
  });

  it("says who approved it, and that nobody did", () => {
    const askedAt = "2026-11-22T16:00:00.000Z";
    const approval = { askedAt, by: "ada", at: "2026-11-22T17:00:00.000Z" };
    expect(rowOf({ ...entry, approval }, "approved")).toMatch(/by ada on 22 Nov 17:00 UTC/);
    expect(rowOf({ ...entry, approval: { askedAt } }, "approved")).toMatch(
      / not given \(asked for on 22 Nov 16:00/,
    );
    expect(rowOf(entry, "approved")).toBeUndefined();
  });

  it("names the phase as a person does", () => {
    const back = { ...entry, phase: "rolled-back" as const };
    expect(rowOf(back, "outcome")).toMatch(/ rolled back$/);
    expect(overview([back])[1]).toContain("  rolled back  ");
  });

  it("names the values that it was given", () => {
    expect(rowOf(entry, "values")).toMatch(/^values +sha256 ab12$/);
  });

  it("has the counts by kind, the losses and who accepted them", () => {
    const accepted = {
      reason: "withdrawn",
      by: "accept-ada",
      at: "2026-11-22T12:00:00.000Z",
      what: ["1 taxa with images"],
    };
    const kinds = [{ kind: "images", found: 1, live: 4, least: 3 }];
    const losses = [{ source: "FZ", records: 0, before: 41_118 }];
    const text = details({ ...entry, gate: { results: 9, liveResults: 10, kinds, losses, accepted } }).join(
      "\n",
    );
    expect(text).toMatch(/taxa with images +1 +live 4 +-75\.0 % +too few: at least 3/);
    expect(text).toContain("FZ  41,118 → 0 records");
    expect(text).toContain("accepted by accept-ada on 2026-11-22 12:00 UTC: withdrawn\n  1 taxa with images");
  });
});

it("lists the newest run first", () => {
  const [, first, second] = overview([entry, { ...entry, runId: "prod-20261129-1200" }]);
  expect([first, second].map((line) => line?.split(" ")[0])).toEqual(["prod-20261129-1200", entry.runId]);
});
