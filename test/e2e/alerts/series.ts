/** What kube-state-metrics and builders tell in the course of weeks, for promtool. */

/** Time in a test begins with 0; a sample every five minutes, as far as Prometheus looks back. */
export const minute = 60;
export const hour = 60 * minute;
export const day = 24 * hour;
export const interval = 5 * minute;

/** A series by its name and labels, and its values: from when to when (seconds) it said what. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  spans: { from: number; to: number; value: number }[];
}

const series = (
  name: string,
  labels: Record<string, string>,
  ...spans: [from: number, to: number, value: number][]
): Series => ({ name, labels, spans: spans.map(([from, to, value]) => ({ from, to, value })) });

interface JobStory {
  from: number;
  /** When it ended; missing while it is at work. */
  to?: number;
  failed?: boolean;
  /** When it is removed (history limits, TTL); never unless given. */
  gone?: number;
  of?: string;
  /** Pods that failed and were replaced. */
  badPods?: number;
}

/** What kube-state-metrics tells of a Job. */
export function job(
  jobName: string,
  { from, to, failed, gone = 45 * day, of = "builder", badPods = 0 }: JobStory,
): Series[] {
  const labels = { job_name: jobName };
  const ended = to ?? gone;
  const owner = { ...labels, owner_kind: "CronJob", owner_name: of };
  const told = [
    series("kube_job_owner", owner, [from, gone, 1]),
    series("kube_job_status_start_time", labels, [from, gone, from]),
    series("kube_job_status_active", labels, [from, ended, 1], [ended, gone, 0]),
    series("kube_job_status_failed", labels, [from, gone, badPods + (failed ? 1 : 0)]),
  ];
  if (to === undefined) return told;
  if (failed) return [...told, series("kube_job_failed", { ...labels, condition: "true" }, [to, gone, 1])];
  return [
    ...told,
    series("kube_job_complete", { ...labels, condition: "true" }, [to, gone, 1]),
    series("kube_job_status_completion_time", labels, [to, gone, to]),
    series("kube_job_failed", { ...labels, condition: "false" }, [to, gone, 0]),
  ];
}

/** What kube-state-metrics tells of the CronJob: made at the beginning, with these ends of its own Jobs. */
export function cronJob({
  successes = [],
  suspended = [],
}: { successes?: number[]; suspended?: [number, number][] } = {}) {
  const labels = { cronjob: "builder" };
  const until = (index: number) => successes[index + 1] ?? 45 * day;
  return [
    series("kube_cronjob_created", labels, [0, 45 * day, 0]),
    series(
      "kube_cronjob_spec_suspend",
      labels,
      [0, 45 * day, 0],
      ...suspended.map(([from, to]) => [from, to, 1] as [number, number, number]),
    ),
    series(
      "kube_cronjob_status_last_successful_time",
      labels,
      ...successes.map((at, i) => [at, until(i), at] as [number, number, number]),
    ),
  ];
}

/** A gauge of a builder's pod while that is up. */
export const gauge = (name: string, pod: string, span: [number, number, number], labels = {}) =>
  series(`powo_builder_${name}`, { pod, environment: "prod", ...labels }, span);
