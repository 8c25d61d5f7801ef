import { describe, expect, it } from "vitest";
import {
  drainMs,
  drainTtlSeconds,
  newRecordTtlSeconds,
  notPointing,
  planLowerTtl,
  planRestoreTtl,
  planSwap,
  planUndo,
  type SwapInput,
  withWritten,
} from "../../../src/domain/dns-plan.ts";
import type { Mapping, RecordSet, ZoneChange } from "../../../src/domain/dns-records.ts";
import { findLive } from "../../../src/domain/live.ts";
import { labels, managedBy } from "../../../src/domain/names.ts";
import { fc } from "../../fast-check.ts";

const mappings: Mapping[] = [
  { zone: "a", name: "one.example.", service: "ingress" },
  { zone: "a", name: "two.example.", service: "ingress-two" },
  { zone: "b", name: "three.example.", service: "ingress" },
];
const addresses = { ingress: "10.0.0.1", "ingress-two": "10.0.0.2" };
const record = (mapping: Mapping, rrdatas: string[], ttlSeconds = 300): RecordSet => {
  const { zone, name } = mapping;
  return { zone, name, type: "A", ttlSeconds, rrdatas };
};

/** Any state of the mapped names: missing, ours, somebody's, several addresses, any TTL. */
const records = fc
  .tuple(
    ...mappings.map((mapping) =>
      fc.option(
        fc
          .record({
            rrdatas: fc.uniqueArray(fc.constantFrom("10.0.0.1", "10.0.0.2", "192.0.2.1", "192.0.2.2"), {
              minLength: 1,
              maxLength: 2,
            }),
            ttlSeconds: fc.integer({ min: 1, max: 86_400 }),
          })
          .map(({ rrdatas, ttlSeconds }) => record(mapping, rrdatas, ttlSeconds)),
        { nil: undefined },
      ),
    ),
  )
  .map((found) => found.filter((item) => item !== undefined));

/** What a zone becomes: strict as Cloud DNS is. */
function apply(current: readonly RecordSet[], changes: readonly ZoneChange[]): RecordSet[] {
  let next = [...current];
  for (const { additions, deletions } of changes) {
    for (const deletion of deletions) {
      expect(next).toContainEqual(deletion);
      next = next.filter((item) => JSON.stringify(item) !== JSON.stringify(deletion));
    }
    for (const addition of additions) {
      expect(next.some(({ zone, name }) => zone === addition.zone && name === addition.name)).toBe(false);
      next.push(addition);
    }
  }
  return next;
}

const input = (before: RecordSet[], current: RecordSet[], written: SwapInput["written"] = []): SwapInput => ({
  mappings,
  addresses,
  before,
  current,
  written,
});
const addressesOf = (found: readonly RecordSet[], { zone, name }: Mapping) =>
  found.find((item) => item.zone === zone && item.name === name)?.rrdatas.toSorted();

describe("a planned swap", () => {
  it("points every name at the new release, with one change per zone, and keeps the TTLs", () => {
    fc.assert(
      fc.property(records, (current) => {
        const plan = planSwap(input(current, current));
        if (plan.kind === "refused") throw new Error(plan.reasons.join());
        expect(new Set(plan.changes.map(({ zone }) => zone)).size).toBe(plan.changes.length);
        const after = apply(current, plan.changes);
        expect(notPointing(mappings, addresses, after)).toEqual([]);
        for (const item of after) {
          const old = current.find(({ name }) => name === item.name);
          expect(item.ttlSeconds).toBe(old?.ttlSeconds ?? newRecordTtlSeconds);
        }
        expect(planSwap(input(current, after))).toMatchObject({ kind: "change", changes: [], moves: [] });
      }),
    );
  });

  it("never overwrites an address that was neither pinned nor ours", () => {
    fc.assert(
      fc.property(records, records, (before, current) => {
        const plan = planSwap(input(before, current));
        const foreign = mappings.filter((mapping) => {
          const now = addressesOf(current, mapping)?.join();
          return (
            now !== addresses[mapping.service as "ingress"] && now !== addressesOf(before, mapping)?.join()
          );
        });
        expect(plan.kind).toBe(foreign.length > 0 ? "refused" : "change");
      }),
    );
  });

  it("is refused when a service of the new release has no address", () => {
    const plan = planSwap({ ...input([], []), addresses: { ingress: "10.0.0.1" } });
    expect(plan).toMatchObject({ kind: "refused" });
  });

  it("moves on what this run has written itself, when a service has got another address", () => {
    fc.assert(
      fc.property(records, (before) => {
        const plan = planSwap(input(before, before));
        if (plan.kind === "refused") throw new Error(plan.reasons.join());
        const written = withWritten([], plan.moves);
        const swapped = apply(before, plan.changes);
        const moved = { ...addresses, ingress: "10.0.0.7" };
        const next = planSwap({ ...input(before, swapped, written), addresses: moved });
        // A name that pointed right before the swap was pinned at that address: it may be moved as well.
        if (next.kind === "refused") throw new Error(next.reasons.join());
        const after = apply(swapped, next.changes);
        expect(notPointing(mappings, moved, after)).toEqual([]);
        const both = withWritten(written, next.moves);
        const undone = apply(after, planUndo(input(before, after, both)));
        for (const mapping of mappings)
          expect(addressesOf(undone, mapping)).toEqual(addressesOf(before, mapping));
      }),
    );
  });

  it("takes for its own only what it has written at that very name, and nothing that was added to it", () => {
    const [one, two] = mappings as [Mapping, Mapping];
    const before = mappings.map((mapping) => record(mapping, ["192.0.2.1"]));
    const written = [{ name: one.name, addresses: ["10.0.0.5"] }];
    const having = (mapping: Mapping, rrdatas: string[]) =>
      before.map((item) => (item.name === mapping.name ? record(mapping, rrdatas) : item));
    expect(planSwap(input(before, having(one, ["10.0.0.5"]), written)).kind).toBe("change");
    expect(planSwap(input(before, having(two, ["10.0.0.5"]), written)).kind).toBe("refused");
    expect(planSwap(input(before, having(one, ["10.0.0.5", "192.0.2.9"]), written)).kind).toBe("refused");
  });
});

describe("what a run has written", () => {
  it("is remembered by name, every address once, whatever the names are", () => {
    const first = withWritten([], [{ name: "one.example.", to: "10.0.0.1" }]);
    const moves = [
      { name: "one.example.", to: "10.0.0.2" },
      { name: "__proto__", to: "10.0.0.1" },
    ];
    expect(withWritten(withWritten(first, moves), moves)).toEqual([
      { name: "one.example.", addresses: ["10.0.0.1", "10.0.0.2"] },
      { name: "__proto__", addresses: ["10.0.0.1"] },
    ]);
  });
});

describe("a name where no plain address can stand", () => {
  const [mapping] = mappings as [Mapping, ...Mapping[]];
  const before = [record(mapping, ["192.0.2.1"])];
  const alias = { ...record(mapping, ["other.example."]), type: "ALIAS" };
  const routed: RecordSet = { ...record(mapping, ["10.0.0.1"]), routingPolicy: true };

  it.each([
    ["is an alias", alias, "an alias (ALIAS) of other.example."],
    ["is a CNAME", { ...alias, type: "CNAME" }, "an alias (CNAME) of other.example."],
    ["has a routing policy, wherever it leads", routed, "a record set (A) with a routing policy"],
  ])("%s: no plan overwrites it", (_, found, kind) => {
    for (const pinned of [before, [], [found]])
      expect(planSwap(input(pinned, [found]))).toEqual({
        kind: "refused",
        reasons: [`one.example. is now ${kind}`],
      });
    expect(planUndo(input(before, [found]))).toEqual([]);
    expect(notPointing([mapping], addresses, [found])).toEqual([mapping]);
    expect(planLowerTtl(input([found], [found]), 60)).toEqual([]);
    expect(planRestoreTtl(input(before, [{ ...found, ttlSeconds: 60 }]), 60)).toEqual([]);
  });

  it("counts as live by every address that its routing policy names", () => {
    const candidate = {
      ...{ name: "prod-aaaaa", uid: "u", terminating: false, annotations: {} },
      labels: { [labels.managedBy]: managedBy, [labels.environment]: "prod" },
      services: [{ name: "ingress", component: "ingress", address: "10.0.0.1", otherAddresses: [] }],
    };
    const { releases } = findLive({ environment: "prod", mappings: [] }, [routed], [candidate]);
    expect(releases).toEqual(["prod-aaaaa"]);
  });
});

describe("a planned undo", () => {
  it("gives every name back what it had, wherever the swap was stopped", () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 3 }), (before, zones) => {
        const plan = planSwap(input(before, before));
        if (plan.kind === "refused") throw new Error(plan.reasons.join());
        const halfway = apply(before, plan.changes.slice(0, zones));
        const written = withWritten([], plan.moves);
        const after = apply(halfway, planUndo(input(before, halfway, written)));
        for (const mapping of mappings)
          expect(addressesOf(after, mapping)).toEqual(addressesOf(before, mapping));
        expect(planUndo(input(before, after, written))).toEqual([]);
      }),
    );
  });

  it("leaves alone what somebody else has changed meanwhile", () => {
    const before = [record(mappings[0]!, ["192.0.2.1"])];
    const written = mappings.map(({ name, service }) => ({
      name,
      addresses: [addresses[service as "ingress"]],
    }));
    expect(planUndo(input(before, [record(mappings[0]!, ["192.0.2.9"])], written))).toEqual([]);
  });
});

describe("the drain", () => {
  it("is as long as the largest TTL that was replaced or pinned, and never shorter than that TTL", () => {
    const before = [record(mappings[0]!, ["192.0.2.1"], 3_600)];
    const current = [record(mappings[0]!, ["192.0.2.1"], 60), record(mappings[1]!, ["192.0.2.1"], 120)];
    const plan = planSwap({ ...input(before, current), before: [...before, ...current.slice(1)] });
    if (plan.kind === "refused") throw new Error(plan.reasons.join());
    expect(drainTtlSeconds(before, plan.changes)).toBe(3_600);
    expect([drainMs(300, 2), drainMs(300, 0), drainMs(0, 2)]).toEqual([600_000, 300_000, 0]);
  });
});
