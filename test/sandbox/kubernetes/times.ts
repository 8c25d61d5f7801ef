/** Times as the API server keeps them, whatever precision a client sends: JavaScript clients send milliseconds. */
import { isMap } from "./lists.ts";
import type { Loose } from "./types.ts";

const seconds = new Set([
  ...["time", "creationTimestamp", "deletionTimestamp", "firstTimestamp", "lastTimestamp"],
  ...["lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime"],
  ...["startTime", "completionTime", "startedAt", "finishedAt", "lastScheduleTime", "lastSuccessfulTime"],
]);
const microseconds = new Set(["acquireTime", "renewTime", "eventTime", "lastObservedTime"]);

/** Rewrites the times of an object, in place. */
export function normaliseTimes(value: Loose): Loose {
  if (Array.isArray(value)) value.forEach(normaliseTimes);
  else if (isMap(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner !== "string") normaliseTimes(inner);
      else if (seconds.has(key)) value[key] = inner.replace(/\.\d+Z$/, "Z");
      else if (microseconds.has(key)) value[key] = inner.replace(/(?:\.(\d{1,6})\d*)?Z$/, micro);
    }
  }
  return value;
}

const micro = (_match: string, digits = ""): string => `.${digits.padEnd(6, "0")}Z`;
