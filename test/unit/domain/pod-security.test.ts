import { expect, it } from "vitest";
import { beyondBaseline } from "../../../src/domain/pod-security.ts";
import { allowedPods, manifestOf, podKinds, refusedPods } from "../../fixtures/pod-security.ts";

const rendered = (kind: string, one: (typeof refusedPods)[number]) => ({
  ...{ apiVersion: podKinds[kind]!.apiVersion, kind, name: one.name, labels: {} },
  manifest: manifestOf(kind, one),
});
const kinds = Object.keys(podKinds);
const fieldsOf = (kind: string, one: (typeof refusedPods)[number]) =>
  // A pod is called by its own name where it has one.
  beyondBaseline([rendered(kind, one)]).map(({ field }) => field.replace(`pod ${one.name}:`, "pod:"));

it.each(refusedPods.map((one) => [one.name, one] as const))(
  "%s is beyond the baseline, by its field",
  (_, one) => {
    for (const kind of kinds) expect(fieldsOf(kind, one), kind).toContain(one.field);
  },
);

it.each(allowedPods.map((one) => [one.name, one] as const))("%s is within the baseline", (_, one) => {
  for (const kind of kinds) expect(fieldsOf(kind, one), kind).toEqual([]);
});

it("names object, container and field, and judges ephemeral containers and kinds that nobody has listed", () => {
  const securityContext = { privileged: true, capabilities: { add: ["CHOWN", "BPF"] } };
  const template = { spec: { ephemeralContainers: [{ name: "debug", securityContext }], containers: null } };
  const rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "solr", labels: {} };
  expect(beyondBaseline([{ ...rollout, manifest: { spec: { template } } }])).toEqual([
    { object: "Rollout solr", field: "ephemeral container debug: securityContext.privileged true" },
    { object: "Rollout solr", field: "ephemeral container debug: securityContext.capabilities.add BPF" },
  ]);
});

it.each([
  undefined,
  null,
  "text",
  7,
  [],
  { spec: "text" },
  { spec: { template: null } },
  { spec: { template: [] } },
])("what has no pod (%j) has nothing to be judged", (manifest) => {
  const object = { apiVersion: "v1", kind: "ConfigMap", name: "x", labels: {} };
  expect(beyondBaseline([{ ...object, manifest: manifest as unknown as Record<string, unknown> }])).toEqual(
    [],
  );
});
