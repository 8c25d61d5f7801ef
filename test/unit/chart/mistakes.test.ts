import { execa } from "execa";
import path from "node:path";
import { expect, test } from "vitest";
import { requireBinaries } from "../../tools/binaries.ts";
import { chartDir, helmTemplate, type Values, valuesWith } from "./render.ts";

/** A mistake, and what the message must name so that the operator finds it. */
const mistakes: [string, Values, RegExp][] = [
  ["an unknown key", { shedule: "0 12 * * SUN" }, /'shedule' not allowed/],
  [
    "an unknown setting",
    { settings: { HARVEST_TIMEOUTS: "1h" } },
    /settings.*'HARVEST_TIMEOUTS' not allowed/,
  ],
  [
    "a secret among the settings",
    { settings: { API_PASSWORD: "x" } },
    /settings.*'API_PASSWORD' not allowed/,
  ],
  ["an environment in capitals", { environment: "Prod" }, /environment': 'Prod' does not match/],
  [
    "an environment that ends with a hyphen",
    { environment: "prod-" },
    /environment': 'prod-' does not match/,
  ],
  ["an environment too long for a release name", { environment: "p".repeat(41) }, /environment': maxLength/],
  ["no cron schedule", { schedule: "every sunday" }, /schedule': 'every sunday' does not match/],
  ["a schedule of six fields", { schedule: "0 0 12 * * SUN" }, /schedule'/],
  ["a time zone with a blank", { timeZone: "Europe London" }, /timeZone'/],
  ["a data URL without scheme", { dataConfig: "storage.example.org/x.json" }, /dataConfig'/],
  [
    "a switch that is neither true nor false",
    { deleteExisting: "maybe" },
    /deleteExisting': value must be one of true, false/,
  ],
  ["strictErrorChecking as text", { strictErrorChecking: "strict" }, /strictErrorChecking'/],
  [
    "a DNS name without its last dot",
    { dns: [{ zone: "z", name: "a.example.org", service: "ingress" }] },
    /dns\/0\/name': 'a\.example\.org' does not match/,
  ],
  [
    "a DNS entry without service",
    { dns: [{ zone: "z", name: "a.example.org." }] },
    /dns\/0': missing property 'service'/,
  ],
  [
    "a DNS entry with a misspelt key",
    { dns: [{ zone: "z", nam: "a.", name: "a.", service: "i" }] },
    /dns\/0': additional properties 'nam'/,
  ],
  ["dns that is not a list", { dns: { zone: "z" } }, /dns': got object, want array/],
  [
    "a duration in words",
    { settings: { HARVEST_TIMEOUT: "2 days" } },
    /HARVEST_TIMEOUT': '2 days' does not match/,
  ],
  ["a duration without unit", { settings: { PODS_TIMEOUT: 1200 } }, /PODS_TIMEOUT': got number, want string/],
  ["an interval of zero", { settings: { HARVEST_POLL_INTERVAL: "0s" } }, /HARVEST_POLL_INTERVAL'/],
  ["a lease of zero", { settings: { LEASE_DURATION: "0s" } }, /LEASE_DURATION'/],
  [
    "an approval that does not exist",
    { settings: { APPROVAL: "sometimes" } },
    /APPROVAL': 'sometimes' does not match/,
  ],
  ["a share of what nobody counts", { settings: { GATE_MIN_SHARES: "image=0.5" } }, /GATE_MIN_SHARES'/],
  ["an unknown key of builder.yaml", { config: { harvestTimeot: "1h" } }, /config': .*'harvestTimeot' not/],
  [
    "an unknown key in a section of builder.yaml",
    { config: { gates: { minShar: 0.5 } } },
    /config\/gates': additional properties 'minShar' not allowed/,
  ],
  ["a bad value in builder.yaml", { config: { harvestTimeout: "2 days" } }, /config\/harvestTimeout'/],
  [
    "an empty entry in a list of builder.yaml",
    { config: { gates: { sentinels: ["a", null] } } },
    /sentinels\/1': got null/,
  ],
  [
    "a secret in builder.yaml, which is in a ConfigMap",
    { config: { apiPassword: "x" } },
    /'apiPassword' not allowed/,
  ],
  ["a share in percent", { settings: { GATE_MIN_SHARE: 90 } }, /GATE_MIN_SHARE': maximum: got 90, want 10/],
  [
    "a log format that does not exist",
    { settings: { LOG_FORMAT: "xml" } },
    /LOG_FORMAT': value must be one of 'pretty', 'json'/,
  ],
  ["a digest that is none", { image: { digest: "latest" } }, /image\/digest'/],
  [
    "a pull policy that does not exist",
    { image: { pullPolicy: "Sometimes" } },
    /pullPolicy': value must be one of 'Always'/,
  ],
  [
    "an environment variable without name",
    { extraEnv: [{ value: "x" }] },
    /extraEnv\/0': missing property 'name'/,
  ],
  [
    "an environment variable that is a number",
    { extraEnv: [{ name: "A", value: 1 }] },
    /extraEnv\/0\/value': got number, want string/,
  ],
  [
    "an annotation that is a boolean",
    { podAnnotations: { a: true } },
    /podAnnotations\/a': got boolean, want string/,
  ],
  ["a port out of range", { metrics: { port: 70000 } }, /metrics\/port'/],
  [
    "a rule without verbs",
    { rbac: { extraReleaseRules: [{ apiGroups: [""], resources: ["x"] }] } },
    /missing property 'verbs'/,
  ],
];

/** What a schema can't say: missing values and ones that exclude each other. */
const contradictions: [string, Values, RegExp][] = [
  ["no data URL", { dataConfig: "" }, /dataConfig: missing/],
  ["no project", { environment: "test", project: "" }, /project: missing/],
  ["no passwords", { password: {} }, /password: missing/],
  ["passwords twice", { existingSecret: "s" }, /password, existingSecret: give one/],
  [
    "a key twice",
    { sa: { deployer: "{}", existingSecret: "s" } },
    /sa\.deployer, sa\.existingSecret: give one/,
  ],
  [
    "a key that is not JSON",
    { sa: { deployer: "/path/to/key.json" } },
    /sa\.deployer: not a service-account key/,
  ],
  [
    "a key beside Workload Identity",
    { workloadIdentity: true },
    /workloadIdentity: a key \(sa\) would override/,
  ],
  [
    "Workload Identity of nobody",
    { environment: "test", workloadIdentity: true, sa: {}, user: "" },
    /user: missing/,
  ],
  [
    "a webhook twice",
    { notify: { webhookUrl: "https://h.example.org", existingSecret: "s" } },
    /notify\.webhookUrl/,
  ],
  [
    "two logins for git",
    { infrastructure: { sshKey: { existingSecret: "a" }, token: { existingSecret: "b" } } },
    /infrastructure\.sshKey/,
  ],
  ["a PodMonitor without port", { metrics: { podMonitor: { enabled: true } } }, /metrics\.port: missing/],
  ["alerts without port", { metrics: { rules: { enabled: true } } }, /metrics\.port: missing/],
  [
    "a DNS name twice",
    { dns: [1, 2].map(() => ({ zone: "z", name: "a.example.org.", service: "i" })) },
    /dns\[1\]\.name: a\.example\.org\. appears twice/,
  ],
];

test.each([...mistakes, ...contradictions])("refuses %s and names it", async (_what, changes, message) => {
  const { exitCode, stderr } = await helmTemplate(await valuesWith(changes));
  expect(stderr).toMatch(message);
  expect(exitCode).not.toBe(0);
});

test("says all problems at once", async () => {
  const { stderr } = await helmTemplate({ environment: "test" });
  expect(stderr).toMatch(/values: 3 problems, nothing was installed/);
  const { stderr: schema } = await helmTemplate(await valuesWith({ schedule: 5, timeZone: 6, dns: 7 }));
  for (const key of ["schedule", "timeZone", "dns"]) expect(schema).toContain(`'/${key}'`);
});

test("refuses a namespace that the builder would take for one of its releases", async () => {
  const { stderr } = await helmTemplate(await valuesWith({}), { namespace: "prod-tools" });
  expect(stderr).toMatch(/namespace prod-tools: looks like a release of environment prod/);
});

test("passes helm lint --strict, with and without an operator's values", async () => {
  const { helm } = await requireBinaries();
  await execa(helm, ["lint", "--strict", chartDir]);
  await execa(helm, ["lint", "--strict", chartDir, "-f", path.join(chartDir, "ci/prod-values.yaml")]);
});
