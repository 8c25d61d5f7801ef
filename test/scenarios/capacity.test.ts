/** Whether two sites fit: told before anything is installed, never a reason to refuse. */
import { expect, it } from "vitest";
import { namespaceLabels } from "../../src/domain/names.ts";
import { makePlan } from "../../src/operate/plan.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { doing } from "./seen.ts";

const gib = 2 ** 30;

function warned(fake: FakeWorld): string[] {
  return fake.lines
    .filter(({ level, message }) => level === "warn" && message.includes("a second site requests"))
    .map(({ message }) => message);
}

it("warns with figures when a second site does not fit, and goes on; plan warns as well", async () => {
  const fake = createFakeWorld({ live: {} });
  const node = { name: "node-1", schedulable: true, allocatable: { cpu: 8, memory: 64 * gib, pods: 110 } };
  const pods = [{ namespace: "prod-old01", node: "node-1", cpu: 6, memory: 40 * gib }];
  fake.cluster.capacity = { nodes: [node], pods };
  const plans: Awaited<ReturnType<typeof makePlan>>[] = [];
  await fake.builder("plan-1").run(doing(makePlan, plans));
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  expect(warned(fake)).toHaveLength(1);
  expect(warned(fake)[0]).toMatch(/requests 4\.5 CPU and 30 GiB in 3 pods; free on 1 node: 2 CPU and 24 GiB/);
  expect(plans[0]?.warnings).toContain(warned(fake)[0]);
});

it("counts a failed build, which the install removes, as free", async () => {
  const fake = createFakeWorld({ live: {} });
  fake.cluster.create("prod-bad01", namespaceLabels("prod", "prod-20261108-1200"));
  const node = { name: "node-1", schedulable: true, allocatable: { cpu: 8, memory: 64 * gib, pods: 110 } };
  const pods = [{ namespace: "prod-bad01", node: "node-1", cpu: 6, memory: 40 * gib }];
  fake.cluster.capacity = { nodes: [node], pods };
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  expect(warned(fake)).toEqual([]);
  expect(fake.said).toContain("preflight: a second site requests 4.5 CPU and 30 GiB in 3 pods");
});

it("says in one line that it can't be told where the builder may not see nodes", async () => {
  const fake = createFakeWorld({ live: {} });
  fake.cluster.capacity = undefined;
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  const said = fake.lines.filter(({ message }) => message.includes("whether a second site fits"));
  expect(said.map(({ level }) => level)).toEqual(["info"]);
});
