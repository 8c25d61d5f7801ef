import { describe, expect, it } from "vitest";
import { numberOf, requestOf, wantedBy } from "../../../../src/adapters/kubernetes/capacity.ts";

const gib = 2 ** 30;

describe("a quantity", () => {
  it.each([
    ["500m", 0.5],
    ["2", 2],
    [3, 3],
    ["1.5Gi", 1.5 * gib],
    ["100M", 1e8],
    ["1e3", 1000],
    ["64Ki", 65_536],
    ["250000000n", 0.25],
    ["2E", 2e18],
    [undefined, 0],
    ["rubbish", 0],
    ["5 apples", 0],
  ])("%j is %d", (text, amount) => expect(numberOf(text)).toBeCloseTo(amount, 9));
});

const container = (resources: object, more: object = {}) => ({ name: "c", resources, ...more });

describe("what a pod asks for", () => {
  it("is the sum of its containers, a limit counting where there is no request", () => {
    const containers = [
      container({ requests: { cpu: "1", memory: "1Gi" } }),
      container({ limits: { cpu: "500m", memory: "2Gi" } }),
      { name: "c" },
    ];
    expect(requestOf({ containers })).toEqual({ cpu: 1.5, memory: 3 * gib });
    expect(requestOf({ containers, overhead: { cpu: "250m" } }).cpu).toBe(1.75);
  });

  it("is that of an init container which alone asks for more; one that stays counts all along", () => {
    const containers = [container({ requests: { cpu: "1" } })];
    const init = container({ requests: { cpu: "3" } });
    const sidecar = container({ requests: { cpu: "1" } }, { restartPolicy: "Always" });
    expect(requestOf({ containers, initContainers: [init] }).cpu).toBe(3);
    expect(requestOf({ containers, initContainers: [sidecar] }).cpu).toBe(2);
    expect(requestOf({ containers, initContainers: [sidecar, init] }).cpu).toBe(4);
  });
});

describe("what a rendered chart asks for", () => {
  const rendered = (kind: string, spec?: object) => ({
    ...{ apiVersion: "apps/v1", kind, name: kind.toLowerCase(), labels: {} },
    manifest: { spec },
  });
  const template = { spec: { containers: [container({ requests: { cpu: 2, memory: "1.5Gi" } })] } };
  const each = { cpu: 2, memory: 1.5 * gib };

  it("is that of its workloads, with their copies", () => {
    const objects = [
      rendered("Deployment", { template, replicas: 2 }),
      rendered("StatefulSet", { template }),
      rendered("DaemonSet", { template }),
      rendered("Job", { template }),
      rendered("Service", {}),
    ];
    expect(wantedBy(objects)).toEqual([
      { component: "deployment", copies: 2, ...each },
      { component: "statefulset", copies: 1, ...each },
      { component: "daemonset", copies: "one per node", ...each },
    ]);
  });

  it("is nothing of one that says nothing", () => {
    expect(wantedBy([rendered("Deployment")])).toEqual([
      { component: "deployment", copies: 1, cpu: 0, memory: 0 },
    ]);
  });
});
