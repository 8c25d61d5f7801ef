import { expect, it } from "vitest";
import { findLive } from "../../../src/domain/live.ts";

it("a release is live by any of a record's addresses, and every name counts", () => {
  const record = (name: string, ...rrdatas: string[]) => ({
    zone: "z",
    name,
    type: "A",
    ttlSeconds: 300,
    rrdatas,
  });
  const service = (address: string) => [
    { name: "ingress", component: "ingress", type: "LoadBalancer", address },
  ];
  const services = new Map([
    ["prod-aaaaa", service("10.0.0.1")],
    ["prod-bbbbb", service("10.0.0.2")],
    ["prod-ccccc", service("10.0.0.3")],
  ]);
  const records = [record("one.example.", "10.0.0.9", "10.0.0.1"), record("two.example.", "10.0.0.2")];
  expect(findLive("prod", records, services)).toEqual({
    releases: ["prod-aaaaa", "prod-bbbbb"],
    strangers: [{ name: "one.example.", address: "10.0.0.9" }],
  });
});
