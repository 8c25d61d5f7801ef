/** What happens to rebuilds in the course of weeks, and the alerts that should fire. */
import { cronJob, day, gauge, hour, job, minute, type Series } from "./series.ts";

export interface Story {
  what: string;
  told: Series[];
  /** The alerts that fire, by time. */
  fires: [at: number, ...alerts: string[]][];
  values?: object;
}

export const failed = "PowoRebuildFailed";
export const late = "PowoRebuildLate";
export const suspended = "PowoRebuildSuspended";

export const stories: Story[] = [
  {
    what: "a rebuild a week that ends well says nothing, up to the next one's end",
    told: [
      ...cronJob({ successes: [2 * day, 9 * day, 16 * day] }),
      ...job("builder-1", { from: 0, to: 2 * day }),
      ...job("builder-2", { from: 7 * day, to: 9 * day }),
      ...job("builder-3", { from: 14 * day, to: 16 * day }),
    ],
    fires: [[2 * day], [9 * day], [15 * day], [17 * day]],
  },
  {
    what: "pods that failed and were replaced are no failed rebuild",
    told: [...cronJob({ successes: [2 * day] }), ...job("builder-1", { from: 0, to: 2 * day, badPods: 7 })],
    fires: [[1 * day], [2 * day + hour], [3 * day]],
  },
  {
    what: "a failed run, then a good one",
    told: [
      ...cronJob({ successes: [9 * day] }),
      ...job("builder-1", { from: 0, to: 1 * day, failed: true }),
      ...job("builder-2", { from: 7 * day, to: 9 * day }),
    ],
    fires: [[12 * hour], [1 * day + hour, failed], [8 * day, failed], [9 * day + hour], [17 * day]],
  },
  {
    what: "a failed run that was gone on with",
    told: [
      ...cronJob(),
      ...job("builder-1", { from: 0, to: 2 * day, failed: true }),
      ...job("retry-1", { from: 3 * day, to: 3 * day + hour, of: "builder-retry", gone: 3 * day + 2 * hour }),
    ],
    fires: [[2 * day + hour, failed], [3 * day + 2 * hour], [11 * day]],
  },
  {
    what: "a run started by hand that failed",
    told: [
      ...cronJob({ successes: [2 * day] }),
      ...job("now-1", { from: 3 * day, to: 4 * day, failed: true }),
    ],
    fires: [[4 * day - hour], [4 * day + hour, failed]],
  },
  {
    what: "a run that failed at once, between two looks",
    told: [
      ...cronJob({ successes: [2 * day] }),
      ...job("now-1", { from: 3 * day, to: 3 * day, failed: true }),
    ],
    fires: [[3 * day + hour, failed]],
  },
  {
    what: "a Job that only joined, and ended well, hides no failure of the run that it joined",
    told: [
      ...cronJob(),
      ...job("builder-1", { from: 0, to: 2 * day, failed: true }),
      ...job("now-1", { from: 1 * day, to: 1 * day + 5 * minute }),
    ],
    fires: [[1 * day + hour], [2 * day + hour, failed], [8 * day, failed]],
  },
  {
    what: "verbs that were refused are no failed rebuild",
    told: [
      ...cronJob({ successes: [2 * day] }),
      ...job("rollback-1", { from: 3 * day, to: 3 * day + 5 * minute, failed: true, of: "builder-rollback" }),
    ],
    fires: [[4 * day]],
  },
  {
    what: "a failed Job that was removed",
    told: [
      ...cronJob({ successes: [2 * day] }),
      ...job("builder-2", { from: 7 * day, to: 8 * day, failed: true, gone: 9 * day }),
    ],
    fires: [[8 * day + hour, failed], [9 * day + hour], [11 * day + hour, late]],
  },
  {
    what: "a new environment is late no sooner than any other",
    told: cronJob(),
    fires: [[8 * day], [9 * day - hour], [9 * day + hour, late], [30 * day, late]],
  },
  {
    what: "Jobs of the CronJob that were removed long ago: it still knows",
    told: [
      ...cronJob({ successes: [2 * day] }),
      ...job("builder-1", { from: 0, to: 2 * day, gone: 3 * day }),
    ],
    fires: [[10 * day], [11 * day + hour, late], [39 * day, late]],
  },
  {
    what: "a run started by hand that went live and was removed with its Job",
    told: [
      ...cronJob({ successes: [2 * day] }),
      ...job("now-1", { from: 5 * day, to: 7 * day, gone: 7 * day + hour }),
    ],
    fires: [[12 * day], [16 * day - hour], [16 * day + hour, late]],
  },
  {
    what: "a site that is live, told by the builder's pod alone",
    told: [
      ...cronJob(),
      gauge("last_success_timestamp_seconds", "builder-1-x", [3 * day, 3 * day + hour, 3 * day]),
    ],
    fires: [[10 * day], [12 * day - hour], [12 * day + hour, late]],
  },
  {
    what: "one run under way for longer than that, while others that join it end well",
    told: [
      ...cronJob({ successes: [7 * day, 14 * day] }),
      ...job("now-1", { from: 1 * day }),
      ...job("builder-1", { from: 7 * day, to: 7 * day }),
      ...job("builder-2", { from: 14 * day, to: 14 * day }),
    ],
    fires: [[9 * day], [10 * day + hour, late], [15 * day, late]],
  },
  {
    what: "the same, told by the builder: its Jobs were replaced",
    told: [
      ...cronJob({ successes: [7 * day, 14 * day] }),
      gauge("run_start_timestamp_seconds", "now-2-x", [2 * day, 20 * day, 1 * day]),
    ],
    fires: [[9 * day], [10 * day + hour, late]],
  },
  {
    what: "suspended by hand: nothing is late, and a person is reminded",
    told: cronJob({ successes: [2 * day], suspended: [[3 * day, 45 * day]] }),
    fires: [[11 * day + hour], [12 * day + 2 * hour, suspended]],
  },
  {
    what: "suspended by the values: nobody is reminded",
    told: cronJob({ suspended: [[0, 45 * day]] }),
    fires: [[12 * day], [30 * day]],
    values: { suspend: true },
  },
  {
    what: "a rebuild a day is late after four days",
    told: cronJob({ successes: [1 * day] }),
    fires: [[4 * day], [5 * day + hour, late]],
    values: { schedule: "0 12 * * *" },
  },
  {
    what: "a rebuild a month is late after forty",
    told: cronJob({ successes: [1 * hour] }),
    fires: [[40 * day], [40 * day + 2 * hour, late]],
    values: { schedule: "0 12 1 * *" },
  },
  {
    what: "late is what the values say",
    told: cronJob({ successes: [1 * day] }),
    fires: [[2 * day], [2 * day + 13 * hour, late]],
    values: { lateAfter: "36h" },
  },
  {
    what: "a harvest that stands still",
    told: [
      ...cronJob({ successes: [hour] }),
      gauge("step", "builder-1-x", [0, 2 * day, 1], { step: "await-harvest" }),
      gauge("harvest_jobs_ended", "builder-1-x", [0, 2 * day, 7], { list: "1" }),
    ],
    fires: [[4 * hour - minute], [5 * hour, "PowoHarvestStalled"], [2 * day + hour]],
  },
  {
    what: "a run that waits for a person",
    told: [...cronJob({ successes: [hour] }), gauge("waiting_approval", "builder-1-x", [hour, 5 * hour, 1])],
    fires: [[2 * hour], [4 * hour, "PowoWaitsForApproval"], [6 * hour]],
  },
];
