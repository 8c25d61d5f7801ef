import { expect, it } from "vitest";
import { findLive } from "../../../src/domain/live.ts";
import { labels, managedBy } from "../../../src/domain/names.ts";

it("a release is live by any of a record's addresses, and every name counts", () => {
  const record = (name: string, ...rrdatas: string[]) => ({
    zone: "z",
    name,
    type: "A",
    ttlSeconds: 300,
    rrdatas,
  });
  const candidate = (release: string, address: string) => ({
    ...{ name: release, uid: "u", terminating: false, annotations: {} },
    labels: { [labels.managedBy]: managedBy, [labels.environment]: "prod" },
    services: [{ name: "ingress", component: "ingress", address, otherAddresses: [] }],
  });
  const candidates = [
    candidate("prod-aaaaa", "10.0.0.1"),
    candidate("prod-bbbbb", "10.0.0.2"),
    candidate("prod-ccccc", "10.0.0.3"),
  ];
  const records = [record("one.example.", "10.0.0.9", "10.0.0.1"), record("two.example.", "10.0.0.2")];
  expect(findLive({ environment: "prod", mappings: [] }, records, candidates)).toEqual({
    releases: ["prod-aaaaa", "prod-bbbbb"],
    foreign: [{ name: "one.example.", address: "10.0.0.9" }],
    owners: [
      { name: "one.example.", release: "prod-aaaaa" },
      { name: "two.example.", release: "prod-bbbbb" },
    ],
  });
});
