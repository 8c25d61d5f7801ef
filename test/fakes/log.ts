import type { Log } from "../../src/pipeline/task.ts";

export interface LogLine {
  at: number;
  builder: string;
  level: "debug" | "info" | "warn" | "error";
  step: string;
  message: string;
}

/** A logger that keeps its lines. */
export function recordingLog(lines: LogLine[], builder: string, now: () => number): (step?: string) => Log {
  return (step = "") => {
    const at = (level: LogLine["level"]) => (_: object, message: string) =>
      void lines.push({ at: now(), builder, level, step, message });
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  };
}
