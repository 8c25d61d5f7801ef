/** Whose a namespace is, over every combination of what it says and holds. */
import { describe, expect, it } from "vitest";
import { type Candidate, findLive, isOurs, whyNotDelete } from "../../../src/domain/live.ts";
import { labels, managedBy } from "../../../src/domain/names.ts";
import type { ServiceView } from "../../../src/domain/workloads.ts";
import { now, prod, service } from "./prod.ts";

const at = (
  name: string,
  services: readonly ServiceView[],
  given: Record<string, string> = {},
): Candidate => ({
  ...{ name, uid: "u", terminating: false, annotations: {}, labels: given, services },
});

describe("every combination of labels and Services", () => {
  const other = "prod-bbbbb";
  const label = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: value });
  const managers = [undefined, managedBy, "Helm", "argocd", ""];
  const environments = [undefined, "prod", "uat", ""];
  const runs = [undefined, "prod-20261122-1200"];
  const two = (first?: string, second?: string) => [
    service("ingress", "10.0.0.1", first),
    service("ingress-two", "10.0.0.1", second),
  ];
  /** What the namespace holds, and whether that makes it the original builder's. */
  const holdings: [ServiceView[], boolean][] = [
    [[], false],
    [[service("ingress", "10.0.0.1")], false],
    [[service("ingress", "10.0.0.1"), service("portal")], false],
    [two(), true],
    [two("prod-aaaaa", "prod-aaaaa"), true],
    [two("prod-aaaaa"), true],
    [two(other, other), false],
    [two("prod-aaaaa", other), false],
    [[...two(), service("ingress", "10.0.0.1", other)], false],
    [[...two(), service("portal", undefined, other)], true],
  ];
  const record = { zone: "z", name: "one.example.", type: "A", ttlSeconds: 300, rrdatas: ["10.0.0.1"] };

  it("is ours, live, and nobody else's to be deleted, by the same rule", () => {
    let own = 0;
    for (const manager of managers)
      for (const environment of environments)
        for (const run of runs)
          for (const [held, isWhole] of holdings) {
            const given = {
              ...label(labels.managedBy, manager),
              ...label(labels.environment, environment),
              ...label(labels.run, run),
            };
            const isBlank = Object.keys(given).length === 0;
            const expected = (manager === managedBy && environment === "prod") || (isBlank && isWhole);
            const what = JSON.stringify([given, held]);
            const candidate = at("prod-aaaaa", held, given);
            expect(isOurs(candidate, prod), what).toBe(expected);
            const { releases } = findLive(prod, [record], [candidate]);
            // A shared address makes nobody's namespace ours.
            expect(releases, what).toEqual(expected && held.length > 0 ? ["prod-aaaaa"] : []);
            const objection = whyNotDelete(candidate, { ...prod, now, live: [] });
            expect(objection === undefined, what).toBe(expected);
            own += expected ? 1 : 0;
          }
    expect(own).toBe(runs.length * holdings.length + holdings.filter(([, isWhole]) => isWhole).length);
  });

  it("is nobody's where no name is mapped, however little it holds", () => {
    expect(isOurs(at("prod-aaaaa", []), { environment: "prod", mappings: [] })).toBe(false);
  });
});
