import { describe, expect, it } from "vitest";
import { type ClusterCapacity, findRoom, roomText, type WantedPods } from "../../../src/domain/capacity.ts";

const gib = 2 ** 30;

const chart: WantedPods[] = [
  { component: "solr", copies: 1, cpu: 2, memory: 12 * gib },
  { component: "portal", copies: 2, cpu: 1, memory: 4 * gib },
];

function cluster(...free: [cpu: number, memoryGib: number][]): ClusterCapacity {
  const nodes = free.map(([cpu, memory], index) => ({
    name: `node-${index}`,
    schedulable: true,
    allocatable: { cpu, memory: memory * gib, pods: 110 },
  }));
  return { nodes, pods: [], wanted: chart };
}

const nothing = new Set<string>();

describe("the room for a second site", () => {
  it("is told with its figures where all pods find a node", () => {
    const room = findRoom(cluster([4, 16], [4, 16]), nothing);
    expect(room.unschedulable).toEqual([]);
    expect(roomText(room)).toBe(
      "a second site requests 4 CPU and 20 GiB in 3 pods; free on 2 nodes: 8 CPU and 32 GiB",
    );
  });

  it("is not there when the sum fits but no single node has room for one of them", () => {
    const room = findRoom(cluster([4, 8], [4, 8], [4, 8]), nothing);
    expect(room.unschedulable.map(({ component }) => component)).toEqual(["solr"]);
    expect(roomText(room)).toContain(
      "no node has room for solr (2 CPU, 12 GiB). Unless the cluster autoscales",
    );
  });

  it("leaves out what runs, cordoned nodes and nodes that are full of pods", () => {
    const busy = cluster([4, 16], [4, 16]);
    const pod = { namespace: "prod-old01", node: "node-0", cpu: 4, memory: 14 * gib };
    expect(findRoom({ ...busy, pods: [pod] }, nothing).unschedulable).not.toEqual([]);
    expect(findRoom({ ...busy, pods: [{ ...pod, node: undefined }] }, nothing).unschedulable).toEqual([]);
    const [first, second] = busy.nodes as [(typeof busy.nodes)[0], (typeof busy.nodes)[0]];
    const cordoned = { ...busy, nodes: [{ ...first, schedulable: false }, second] };
    expect(findRoom(cordoned, nothing)).toMatchObject({ nodes: 1, free: { cpu: 4 } });
    const full = [first, { ...second, allocatable: { ...second.allocatable, pods: 0 } }];
    expect(findRoom({ ...busy, nodes: full }, nothing).unschedulable).not.toEqual([]);
  });

  it("counts what the install removes first as free", () => {
    const pods = [{ namespace: "prod-bad01", node: "node-0", cpu: 4, memory: 14 * gib }];
    const busy = { ...cluster([4, 20]), pods };
    expect(findRoom(busy, nothing).unschedulable).toHaveLength(3);
    expect(findRoom(busy, new Set(["prod-bad01"])).unschedulable).toEqual([]);
  });

  it("counts a pod on each usable node where a component wants that", () => {
    const wanted: WantedPods[] = [{ component: "agent", copies: "one per node", cpu: 1, memory: gib }];
    expect(findRoom({ ...cluster([4, 16], [4, 16]), wanted }, nothing).asked).toMatchObject({
      cpu: 2,
      pods: 2,
    });
  });
});
