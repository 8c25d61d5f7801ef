import { describe, expect, it } from "vitest";
import { type Candidate, findLive, isOurs, whyItStays, whyNotDelete } from "../../../src/domain/live.ts";
import { annotations, isReleaseName, labels, managedBy } from "../../../src/domain/names.ts";
import type { ServiceView } from "../../../src/domain/workloads.ts";
import { fc, runs } from "../../fast-check.ts";
import { now, prod, service } from "./prod.ts";

const everyService = [service("ingress"), service("ingress-two")];

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
/** None, some or all of the mapped Services, of this release, of another one, or of nobody as Helm 2 left them. */
const services = fc.uniqueArray(
  fc.record({
    component: fc.constantFrom("ingress", "ingress-two", "portal"),
    helmRelease: fc.constantFrom("own", "prod-other", undefined),
  }),
  { selector: ({ component }) => component },
);
const candidate: fc.Arbitrary<Candidate> = fc
  .record({
    name,
    managed: fc.constantFrom(managedBy, "helm", undefined, undefined),
    environment: fc.constantFrom("prod", "uat", "prod-uat", undefined, undefined),
    keep: fc.constantFrom("", "false", undefined),
    retainUntil: fc.option(time, { nil: undefined }),
    liveSince: fc.option(time, { nil: undefined }),
    terminating: fc.boolean(),
    services,
  })
  .map(
    ({ name: given, managed, environment, keep, retainUntil, liveSince, terminating, services: held }) => ({
      name: given,
      uid: "u",
      terminating,
      labels: defined({ [labels.managedBy]: managed, [labels.environment]: environment }),
      annotations: defined({
        [annotations.keep]: keep,
        [annotations.retainUntil]: retainUntil,
        [annotations.liveSince]: liveSince,
      }),
      services: held.map(({ component, helmRelease }) =>
        service(component, undefined, helmRelease === "own" ? given : helmRelease),
      ),
    }),
  );

function defined(entries: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const world = fc.record({
  candidates: fc.uniqueArray(candidate, { maxLength: 8, selector: (item) => item.name }),
  live: fc.option(fc.uniqueArray(name, { maxLength: 2 }), { nil: undefined, freq: 10 }),
  inUse: fc.uniqueArray(name, { maxLength: 2 }),
});

/** Told anew, so that it agrees with the program by more than by sharing its code. */
function belongsToProd(item: Candidate): boolean {
  const { [labels.managedBy]: manager, [labels.environment]: owner } = item.labels;
  if (manager === managedBy && owner === "prod") return true;
  const isUnlabelled = manager === undefined && owner === undefined;
  const isOthers = ({ component, helmRelease = item.name }: ServiceView) =>
    component.startsWith("ingress") && helmRelease !== item.name;
  const held = new Set(item.services.map(({ component }) => component));
  return isUnlabelled && held.has("ingress") && held.has("ingress-two") && !item.services.some(isOthers);
}

describe("a deletion", () => {
  it("never touches what is another's, kept, live, or still retained, whatever the world looks like", () => {
    fc.assert(
      fc.property(world, ({ candidates, live }) => {
        for (const item of candidates) {
          if (whyNotDelete(item, { ...prod, now, live }) !== undefined) continue;
          expect(item.name).toMatch(/^prod-[a-z0-9]{5}$/);
          expect(item.name.endsWith("\n")).toBe(false);
          expect(item.annotations).not.toHaveProperty([annotations.keep]);
          expect(live).toBeDefined();
          expect(live).not.toContain(item.name);
          expect(belongsToProd(item)).toBe(true);
          expect((item.annotations[annotations.retainUntil] ?? "") <= now).toBe(true);
        }
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("of leftovers never touches what a run uses, nor what was live once and has no date to go", () => {
    fc.assert(
      fc.property(world, ({ candidates, live = [], inUse }) => {
        for (const item of candidates) {
          if (whyItStays(item, { ...prod, now, live, inUse }) !== undefined) continue;
          expect(whyNotDelete(item, { ...prod, now, live })).toBeUndefined();
          expect(inUse).not.toContain(item.name);
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

const at = (given: string, held: readonly ServiceView[], own: Record<string, string> = {}): Candidate => ({
  ...{ name: given, uid: "u", terminating: false, annotations: {} },
  ...{ labels: own, services: held },
});
const ours = { [labels.managedBy]: managedBy, [labels.environment]: "prod" };

describe("a namespace is the environment's own", () => {
  it("by its labels, whatever it holds", () => {
    expect(isOurs(at("prod-aaaaa", [], ours), prod)).toBe(true);
    expect(isOurs(at("prod-aaaaa", everyService, { ...ours, [labels.environment]: "uat" }), prod)).toBe(
      false,
    );
  });

  it("without any label, by holding every mapped Service, as releases of the original builder do", () => {
    expect(isOurs(at("prod-aaaaa", everyService), prod)).toBe(true);
    expect(isOurs(at("prod-aaaaa", everyService.slice(1)), prod)).toBe(false);
    const named = (release: string) => ["ingress", "ingress-two"].map((each) => service(each, "", release));
    expect(isOurs(at("prod-aaaaa", named("prod-aaaaa")), prod)).toBe(true);
    expect(isOurs(at("prod-aaaaa", named("prod-bbbbb")), prod)).toBe(false);
  });

  it.each([
    { [labels.managedBy]: "helm" },
    { [labels.managedBy]: managedBy },
    { [labels.environment]: "prod" },
    { [labels.managedBy]: "argocd", [labels.environment]: "prod" },
  ])("never with the label of another manager, nor with half of ours: %j", (given) => {
    expect(isOurs(at("prod-aaaaa", everyService, given), prod)).toBe(false);
  });

  it("never by a name that only begins like the environment's", () => {
    expect(isOurs(at("prod-uat-abcde", everyService, ours), prod)).toBe(false);
  });
});

describe("what is live", () => {
  const record = (address: string, type = "A") => ({
    zone: "z",
    name: "one.example.",
    type,
    ttlSeconds: 300,
    rrdatas: [address],
  });

  it("is found by address, and what belongs to nobody is foreign", () => {
    const candidates = [
      at("prod-aaaaa", [service("ingress", "10.0.0.1")], ours),
      at("prod-bbbbb", [service("ingress")], ours),
      at("uat-aaaaa", [service("ingress", "10.0.0.9")], { ...ours, [labels.environment]: "uat" }),
    ];
    const records = [record("10.0.0.1"), record("10.0.0.9"), record("::1", "AAAA")];
    expect(findLive(prod, records, candidates)).toEqual({
      releases: ["prod-aaaaa"],
      foreign: [{ name: "one.example.", address: "10.0.0.9" }],
      owners: [{ name: "one.example.", release: "prod-aaaaa" }],
    });
  });

  it("is no namespace of somebody else that has the environment's name pattern", () => {
    const theirs = at("prod-tools", [service("ingress", "10.0.0.1")], { [labels.managedBy]: "helm" });
    expect(findLive(prod, [record("10.0.0.1")], [theirs])).toEqual({
      releases: [],
      foreign: [{ name: "one.example.", address: "10.0.0.1" }],
      owners: [],
    });
  });
});
