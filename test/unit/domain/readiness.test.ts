import { describe, expect, it } from "vitest";
import { isAllReady, judgeReadiness } from "../../../src/domain/readiness.ts";
import type { ContainerView, PodView, Workloads, WorkloadView } from "../../../src/domain/workloads.ts";

const workload = (more: Partial<WorkloadView> = {}): WorkloadView => ({
  component: "portal",
  desired: 1,
  available: 1,
  updated: 1,
  observed: true,
  ...more,
});
const container = (more: Partial<ContainerView> = {}): ContainerView => ({
  name: "portal",
  init: false,
  ready: false,
  state: "waiting",
  restarts: 0,
  ...more,
});
const pod = (containers: ContainerView[], more: Partial<PodView> = {}): PodView => ({
  name: "portal-1",
  uid: "u",
  component: "portal",
  phase: "Pending",
  ready: false,
  terminating: false,
  ownerKind: "ReplicaSet",
  reason: undefined,
  message: undefined,
  containers,
  ...more,
});
const ingress = {
  name: "ingress",
  component: "ingress",
  address: "10.0.0.1",
  otherAddresses: [] as string[],
};
const world = (more: Partial<Workloads> = {}): Workloads => ({
  workloads: [workload()],
  pods: [],
  claims: [],
  services: [ingress],
  ...more,
});
const judge = (more: Partial<Workloads>) => judgeReadiness(world(more), ["ingress"]);

describe("a release", () => {
  it("is ready with workloads, volumes and addresses", () => {
    expect(isAllReady(judge({}))).toBe(true);
    expect(judge({}).addresses).toEqual({ ingress: "10.0.0.1" });
  });

  it.each<[string, Partial<Workloads>, RegExp]>([
    ["before the controller saw the workload", { workloads: [workload({ observed: false })] }, /portal/],
    ["before the new pods replaced the old", { workloads: [workload({ updated: 0 })] }, /portal/],
    ["with too few pods", { workloads: [workload({ desired: 2 })] }, /portal/],
    ["with a volume that waits", { claims: [{ name: "db", phase: "Pending" }] }, /volume db \(pending\)/],
    ["without the address", { services: [{ ...ingress, address: undefined }] }, /the address of ingress/],
    ["without the service", { services: [] }, /the address of ingress/],
  ])("is not ready %s", (_, more, said) => {
    expect(isAllReady(judge(more))).toBe(false);
    expect(judge(more).waiting.join()).toMatch(said);
  });

  it("is not ready with no workload at all: an empty namespace is no site", () => {
    expect(isAllReady(judge({ workloads: [] }))).toBe(false);
  });

  it("is not kept from being ready by pods that are done, evicted, or of a Job", () => {
    const pods = [
      pod([container({ reason: "ImagePullBackOff" })], { phase: "Succeeded" }),
      pod([container({ reason: "ImagePullBackOff" })], { phase: "Failed", reason: "Evicted" }),
      pod([container({ reason: "ImagePullBackOff" })], { ownerKind: "Job" }),
      pod([container({ reason: "ImagePullBackOff" })], { terminating: true }),
    ];
    expect(isAllReady(judge({ pods }))).toBe(true);
    expect(judge({ pods }).culprits).toEqual([]);
  });

  it.each([
    ["CrashLoopBackOff", 3, true],
    ["OOMKilled", 4, true],
    ["ImagePullBackOff", 0, false],
    ["CreateContainerConfigError", 0, false],
  ])("has a culprit in %s after %d restarts, certain: %s", (reason, restarts, certain) => {
    const pods = [pod([container({ reason, restarts })])];
    expect(judge({ pods }).culprits).toMatchObject([{ component: "portal", reason, certain }]);
  });

  it("has no culprit in what only starts, or crashed once", () => {
    const pods = [
      pod([container({ reason: "ContainerCreating" })]),
      pod([container({ reason: "CrashLoopBackOff", restarts: 1 })]),
    ];
    expect(judge({ pods }).culprits).toEqual([]);
  });

  it("says which init container holds a pod up", () => {
    const pods = [pod([container({ name: "wait-for-db", init: true, state: "running" })])];
    expect(judge({ workloads: [workload({ available: 0 })], pods }).waiting).toEqual([
      "portal (init: wait-for-db)",
    ]);
  });
});
