import { describe, expect, it } from "vitest";
import { followCommand, verbCommand } from "../../../src/domain/commands.ts";

describe("a command to copy", () => {
  it("is complete, with the namespace", () => {
    expect(verbCommand("abort", "builder-prod")).toBe(
      "kubectl create job abort-1 --from=cronjob/builder-abort -n builder-prod",
    );
  });

  it("starts the rebuild from the CronJob that has no verb in its name", () => {
    expect(verbCommand("run", "builder-prod", "retry-1")).toBe(
      "kubectl create job retry-1 --from=cronjob/builder -n builder-prod",
    );
  });

  it("leaves out a namespace that is not known", () => {
    expect(verbCommand("status", undefined)).toBe(
      "kubectl create job status-1 --from=cronjob/builder-status",
    );
  });
});

describe("following a builder", () => {
  it("names its Job, which outlives its pods", () => {
    const builder = { name: "builder-29384756-x7k2p", job: "builder-29384756" };
    expect(followCommand(builder, "builder-prod")).toBe(
      "kubectl logs -f -n builder-prod job/builder-29384756",
    );
  });

  it("names its pod where the Job is not known", () => {
    expect(followCommand({ name: "builder-x7k2p" }, "builder-prod")).toBe(
      "kubectl logs -f -n builder-prod pod/builder-x7k2p",
    );
  });

  it("does not send anybody to kubectl for a process outside the cluster", () => {
    const command = followCommand({ name: "desk_4711" }, "builder-prod");
    expect(command).toContain("status --watch");
    expect(command).not.toContain("kubectl");
  });
});
