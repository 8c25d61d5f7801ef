import { describe, expect, it } from "vitest";
import {
  type ClusterCapacity,
  findRoom,
  quantity,
  requestOf,
  roomText,
} from "../../../src/domain/capacity.ts";

const gib = 2 ** 30;

function deployment(name: string, cpu: string, memory: string, replicas = 1) {
  const containers = [{ resources: { requests: { cpu, memory } } }];
  const manifest = { spec: { replicas, template: { spec: { containers } } } };
  return { apiVersion: "apps/v1", kind: "Deployment", name, labels: {}, manifest };
}

function cluster(...free: [cpu: number, memoryGib: number][]): ClusterCapacity {
  const nodes = free.map(([cpu, memory], index) => ({
    name: `node-${index}`,
    schedulable: true,
    allocatable: { cpu, memory: memory * gib, pods: 110 },
  }));
  return { nodes, pods: [], quotas: [] };
}

const nothing = { goes: new Set<string>(), own: new Set<string>() };

describe("a quantity", () => {
  it.each([
    ["500m", 0.5],
    ["2", 2],
    [3, 3],
    ["1.5Gi", 1.5 * gib],
    ["100M", 1e8],
    ["1e3", 1000],
    ["64Ki", 65_536],
    [undefined, 0],
    ["rubbish", 0],
  ])("%j is %d", (text, amount) => expect(quantity(text)).toBeCloseTo(amount, 9));
});

describe("what a pod asks for", () => {
  it("is the sum of its containers, a limit counting where there is no request", () => {
    const containers = [
      { resources: { requests: { cpu: "1", memory: "1Gi" } } },
      { resources: { limits: { cpu: "500m", memory: "2Gi" } } },
      {},
    ];
    expect(requestOf({ containers })).toEqual({ cpu: 1.5, memory: 3 * gib });
  });

  it("is that of an init container which alone asks for more; one that stays counts all along", () => {
    const containers = [{ resources: { requests: { cpu: "1" } } }];
    const init = { resources: { requests: { cpu: "3" } } };
    const sidecar = { restartPolicy: "Always", resources: { requests: { cpu: "1" } } };
    expect(requestOf({ containers, initContainers: [init] }).cpu).toBe(3);
    expect(requestOf({ containers, initContainers: [sidecar] }).cpu).toBe(2);
    expect(requestOf({ containers, initContainers: [sidecar, init] }).cpu).toBe(4);
  });
});

describe("the room for a second site", () => {
  const chart = [deployment("solr", "2", "12Gi"), deployment("portal", "1", "4Gi", 2)];

  it("is told with its figures where all pods find a node", () => {
    const room = findRoom(cluster([4, 16], [4, 16]), chart, nothing);
    expect(room.homeless).toEqual([]);
    expect(roomText(room)).toBe(
      "a second site asks for 4 CPU and 20 GiB in 3 pods; free on 2 nodes: 8 CPU and 32 GiB",
    );
  });

  it("is not there when the sum fits but no single node has room for one of them", () => {
    const room = findRoom(cluster([4, 8], [4, 8], [4, 8]), chart, nothing);
    expect(room.homeless.map(({ component }) => component)).toEqual(["solr"]);
    expect(roomText(room)).toContain(
      "no node has room for solr (2 CPU, 12 GiB). Unless the cluster adds nodes",
    );
  });

  it("leaves out what runs, cordoned nodes and nodes that are full of pods", () => {
    const busy = cluster([4, 16], [4, 16]);
    const pod = { namespace: "prod-old01", node: "node-0", cpu: 4, memory: 14 * gib };
    expect(findRoom({ ...busy, pods: [pod] }, chart, nothing).homeless).not.toEqual([]);
    expect(findRoom({ ...busy, pods: [{ ...pod, node: undefined }] }, chart, nothing).homeless).toEqual([]);
    const [first, second] = busy.nodes as [(typeof busy.nodes)[0], (typeof busy.nodes)[0]];
    const cordoned = { ...busy, nodes: [{ ...first, schedulable: false }, second] };
    expect(findRoom(cordoned, chart, nothing)).toMatchObject({ nodes: 1, free: { cpu: 4 } });
    const full = [first, { ...second, allocatable: { ...second.allocatable, pods: 0 } }];
    expect(findRoom({ ...busy, nodes: full }, chart, nothing).homeless).not.toEqual([]);
  });

  it("counts what the install removes first as free", () => {
    const pods = [{ namespace: "prod-bad01", node: "node-0", cpu: 4, memory: 14 * gib }];
    const busy = { ...cluster([4, 20]), pods };
    expect(findRoom(busy, chart, nothing).homeless).toHaveLength(3);
    expect(findRoom(busy, chart, { ...nothing, goes: new Set(["prod-bad01"]) }).homeless).toEqual([]);
  });

  it("ends at a quota that namespaces of this environment have", () => {
    const quotas = [
      { namespace: "prod-old01", name: "compute", hard: { cpu: 3, memory: 64 * gib, pods: 2 } },
    ];
    const wide = { ...cluster([16, 64]), quotas };
    expect(findRoom(wide, chart, nothing).exceeded).toEqual([]);
    const { exceeded } = findRoom(wide, chart, { ...nothing, own: new Set(["prod-old01"]) });
    expect(exceeded).toEqual(["quota compute allows 3 of CPU", "quota compute allows 2 of pods"]);
  });
});
