/** The API server's own look at every object of the chart: a field that it does not know is an error, not dropped. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldValues, helmTemplate, type Values, valuesWith } from "../../unit/chart/render.ts";
import { asAdmin } from "./cluster.ts";

const namespace = `valid-${Date.now().toString(36)}`;
beforeAll(async () => {
  await asAdmin(["create", "namespace", namespace]);
  // Pods are not admitted without.
  await asAdmin(["create", "serviceaccount", "builder", "-n", namespace]);
});
afterAll(() => asAdmin(["delete", "namespace", namespace, "--wait=false"]));

/** Applies nothing. Throws with what the API server says. */
async function validate(values: Values, mend = (text: string) => text): Promise<string> {
  const { stdout } = await helmTemplate(values, { namespace });
  return asAdmin(
    ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"],
    mend(stdout),
  );
}

const secret = { existingSecret: "mine", key: "k" };
/** Everything that adds something to the objects, but for kinds that only the Prometheus Operator brings. */
const everything: Values = {
  password: {},
  existingSecret: "passwords",
  sa: secret,
  notify: secret,
  infrastructure: { token: secret, registry: secret, knownHosts: "git.example.org ssh-ed25519 AAAA" },
  config: { harvestTimeout: "24h" },
  settings: { APPROVAL: "manual", GATE_SENTINELS: ["1-1"] },
  extraEnv: [{ name: "HTTPS_PROXY", valueFrom: { secretKeyRef: { name: "proxy", key: "url" } } }],
  imagePullSecrets: [{ name: "registry" }],
  image: { digest: `sha256:${"a".repeat(64)}` },
  serviceAccount: { annotations: { a: "b" } },
  priorityClassName: "system-cluster-critical",
  nodeSelector: { a: "b" },
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
      ],
    },
  },
  podAnnotations: { a: "b" },
  podLabels: { a: "b" },
  rbac: { extraReleaseRules: [{ apiGroups: ["x.example.org"], resources: ["xs"], verbs: ["get"] }] },
  networkPolicy: { extraEgress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
  metrics: { port: 9090 },
};

test.each([
  ["an operator's values", fieldValues],
  ["all that can be set", () => valuesWith(everything)],
])("accepts all objects with %s", async (_what, values) => {
  const said = await validate(await values());
  for (const object of [
    "cronjob.batch/builder ",
    "networkpolicy",
    "validatingadmissionpolicy",
    "pod/builder-test",
  ])
    expect(said).toContain(object);
  expect(said).not.toMatch(/warning/i);
});

test("would tell of a field that is misspelt", async () => {
  const misspelt = (text: string) => text.replaceAll("backoffLimit:", "backOffLimit:");
  await expect(validate(await fieldValues(), misspelt)).rejects.toThrow(
    /backOffLimit: field not declared|unknown field.*backOffLimit/,
  );
});
