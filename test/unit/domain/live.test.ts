import { describe, expect, it } from "vitest";
import { findLive, whyNotDelete } from "../../../src/domain/live.ts";
import { annotations, isReleaseName, labels, managedBy } from "../../../src/domain/names.ts";
import type { NamespaceView } from "../../../src/domain/release.ts";
import { findLeftovers } from "../../../src/steps/remove-leftovers.ts";
import { fc, runs } from "../../fast-check.ts";

const now = "2026-11-22T12:00:00.000Z";
/** Names that are ours, and names that only look so: other environments, longer, upper case, Cyrillic а and о. */
const name = fc.constantFrom(
  ...["prod-abcde", "prod-old01", "prod-new01", "prod-00000", "prod-bad01"],
  ...[
    "prod",
    "prod-",
    "prod-abcd",
    "prod-abcdef",
    "prod-tools",
    "production-tools",
    "prod-uat",
    "prod-uat-abcde",
  ],
  ...[
    "uat-abcde",
    "xprod-abcde",
    "prod-ABCDE",
    "prod-аbсdе",
    "prоd-abcde",
    "prod-abcde\n",
    "prod-ab.de",
    "prod--bcde",
  ],
);
const time = fc.constantFrom(
  "2026-11-22T11:59:59.999Z",
  now,
  "2026-11-22T12:00:00.001Z",
  "2027-01-01T00:00:00.000Z",
);
const namespace: fc.Arbitrary<NamespaceView> = fc
  .record({
    name,
    managed: fc.constantFrom(managedBy, "helm", undefined),
    environment: fc.constantFrom("prod", "uat", "prod-uat", undefined),
    keep: fc.constantFrom("", "false", undefined),
    retainUntil: fc.option(time, { nil: undefined }),
    liveSince: fc.option(time, { nil: undefined }),
    terminating: fc.boolean(),
  })
  .map(({ name: given, managed, environment, keep, retainUntil, liveSince, terminating }) => ({
    name: given,
    uid: "u",
    createdAt: now,
    terminating,
    labels: defined({ [labels.managedBy]: managed, [labels.environment]: environment }),
    annotations: defined({
      [annotations.keep]: keep,
      [annotations.retainUntil]: retainUntil,
      [annotations.liveSince]: liveSince,
    }),
  }));

function defined(entries: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const world = fc.record({
  namespaces: fc.uniqueArray(namespace, { maxLength: 8, selector: (item) => item.name }),
  live: fc.option(fc.uniqueArray(name, { maxLength: 2 }), { nil: undefined, freq: 10 }),
  recorded: fc.uniqueArray(name, { maxLength: 4 }).map((names) => new Set(names)),
  inUse: fc.uniqueArray(name, { maxLength: 2 }).map((names) => new Set(names)),
});

describe("a deletion", () => {
  it("never touches what is another's, kept, live, or still retained, whatever the world looks like", () => {
    fc.assert(
      fc.property(world, ({ namespaces, live, recorded }) => {
        for (const item of namespaces) {
          if (whyNotDelete(item, { environment: "prod", now, live, recorded }) !== undefined) continue;
          expect(item.name).toMatch(/^prod-[a-z0-9]{5}$/);
          expect(item.name.endsWith("\n")).toBe(false);
          expect(item.annotations).not.toHaveProperty([annotations.keep]);
          expect(live).toBeDefined();
          expect(live).not.toContain(item.name);
          const byLabel =
            item.labels[labels.managedBy] === managedBy && item.labels[labels.environment] === "prod";
          expect(byLabel || recorded.has(item.name)).toBe(true);
          expect((item.annotations[annotations.retainUntil] ?? "") <= now).toBe(true);
        }
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("of leftovers never touches what a run uses, nor what was live once and has no date to go", () => {
    fc.assert(
      fc.property(world, ({ namespaces, live, recorded, inUse }) => {
        const found = findLeftovers(namespaces, {
          environment: "prod",
          now,
          live: live ?? [],
          scope: { inUse, recorded },
        });
        for (const item of found) {
          expect(
            whyNotDelete(item, { environment: "prod", now, live: live ?? [], recorded }),
          ).toBeUndefined();
          expect(inUse.has(item.name)).toBe(false);
          const wasLive = annotations.liveSince in item.annotations;
          expect(!wasLive || annotations.retainUntil in item.annotations).toBe(true);
        }
      }),
      { numRuns: runs(2_000) },
    );
  });
});

describe("a release name", () => {
  it.each(["prod-abcde", "prod-00000"])("is %s", (given) => {
    expect(isReleaseName("prod", given)).toBe(true);
  });

  it.each([
    "prod-abcde\n",
    "prod-аbсdе",
    "prod-ABCDE",
    "prod-uat-abcde",
    "prod-tools1",
    "PROD-abcde",
    "prod_abcde",
  ])("is not %j", (given) => {
    expect(isReleaseName("prod", given)).toBe(false);
  });

  it("of one environment is none of another whose name begins alike", () => {
    expect(isReleaseName("prod", "prod-uat-abcde")).toBe(false);
    expect(isReleaseName("prod-uat", "prod-uat-abcde")).toBe(true);
  });
});

describe("what is live", () => {
  const service = (address: string | undefined) => ({
    name: "ingress",
    component: "ingress",
    type: "LoadBalancer",
    address,
  });
  const record = (address: string, type = "A") => ({
    zone: "z",
    name: "one.example.",
    type,
    ttlSeconds: 300,
    rrdatas: [address],
  });

  it("is found by address, and what belongs to nobody is a stranger", () => {
    const services = new Map([
      ["prod-aaaaa", [service("10.0.0.1")]],
      ["prod-bbbbb", [service(undefined)]],
      ["uat-aaaaa", [service("10.0.0.9")]],
    ]);
    const found = findLive("prod", [record("10.0.0.1"), record("10.0.0.9"), record("::1", "AAAA")], services);
    expect(found).toEqual({
      releases: ["prod-aaaaa"],
      strangers: [{ name: "one.example.", address: "10.0.0.9" }],
    });
  });
});
