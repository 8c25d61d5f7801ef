import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { identity, parseProcess } from "../../../../src/adapters/kubernetes/lease-store.ts";

describe("the holder of the Lease", () => {
  it("is the pod, or the process outside a pod", () => {
    expect(identity({ podName: "builder-28-x" })).toBe("builder-28-x");
    expect(parseProcess(identity())).toEqual({ host: hostname(), pid: process.pid });
  });

  it.each(["builder-28-x", "host", "host_", "_12", "host_12a"])("is no process when it is %s", (name) => {
    expect(parseProcess(name)).toBeUndefined();
  });
});
