import { execa } from "execa";
import { expect, test } from "vitest";
import { neededRights } from "../../../src/actions/checks/rights.ts";
import { requireBinaries } from "../../tools/binaries.ts";
import {
  chartDir,
  fieldValues,
  helmTemplate,
  type Manifest,
  renderChart,
  requireObject,
  valuesWith,
} from "./render.ts";

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

const rulesOf = (objects: Manifest[], kind: string, name: string): Rule[] =>
  requireObject(objects, kind, name).rules;

test("nothing is granted with a wildcard, and nobody is bound to cluster-admin", async () => {
  const objects = await renderChart(await fieldValues());
  for (const role of objects.filter((object) => ["Role", "ClusterRole"].includes(object.kind))) {
    for (const rule of role.rules as Rule[]) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain("*");
      expect(rule.verbs).not.toContain("escalate");
      expect(rule.verbs).not.toContain("impersonate");
    }
  }
  const bindings = objects.filter((object) => ["RoleBinding", "ClusterRoleBinding"].includes(object.kind));
  expect(bindings.map((binding) => binding.roleRef.name).sort()).toEqual([
    "builder",
    "powo-builder-prod.cluster",
  ]);
});

test("no Secret can be read outside a release's namespace", async () => {
  const objects = await renderChart(await fieldValues());
  const wide = [
    ...rulesOf(objects, "ClusterRole", "powo-builder-prod.cluster"),
    ...rulesOf(objects, "Role", "builder"),
  ];
  expect(wide.flatMap((rule) => rule.resources)).not.toContain("secrets");
  expect(wide.flatMap((rule) => rule.resources)).not.toContain("pods/exec");
});

test("the builder may bind the release role and no other", async () => {
  const objects = await renderChart(await fieldValues());
  const bind = rulesOf(objects, "ClusterRole", "powo-builder-prod.cluster").filter((rule) =>
    rule.verbs.includes("bind"),
  );
  expect(bind).toEqual([
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["clusterroles"],
      resourceNames: ["powo-builder-prod-release"],
      verbs: ["bind"],
    },
  ]);
});

/** A rule's rights, and those that preflight asks for, in the same words. */
const granted = (rules: Rule[]) =>
  rules.flatMap(({ apiGroups, resources, resourceNames = [""], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${resource} ${name}`)),
      ),
    ),
  );
const asked = (settings: Parameters<typeof neededRights>[0]) =>
  neededRights(settings).map(
    ({ verb, group, resource, name = "" }) => `${verb} ${group}/${resource} ${name}`,
  );

test("preflight asks for every right that the chart gives the builder, and for no other", async () => {
  const objects = await renderChart(await valuesWith({ rbac: { capacityCheck: false } }));
  const rights = granted([
    ...rulesOf(objects, "Role", "builder"),
    ...rulesOf(objects, "ClusterRole", "powo-builder-prod.cluster"),
  ]);
  const asks = asked({
    ...{ environment: "prod", builderNamespace: "builder-prod", releaseRole: "powo-builder-prod-release" },
  });
  // The question itself needs a right, too.
  const question = "create authorization.k8s.io/selfsubjectaccessreviews ";
  expect(asks.toSorted()).toEqual(rights.filter((right) => right !== question).toSorted());
});

test("what it asks for where no role is bound, the release role would give", async () => {
  const objects = await renderChart(await fieldValues());
  const rights = granted([
    ...rulesOf(objects, "ClusterRole", "powo-builder-prod.cluster"),
    ...rulesOf(objects, "ClusterRole", "powo-builder-prod-release"),
  ]);
  const asks = asked({ environment: "prod", releaseRole: undefined, builderNamespace: undefined });
  expect(asks.filter((right) => !rights.includes(right))).toEqual([]);
});

test("pods satisfy the restricted Pod Security Standard", async () => {
  const objects = await renderChart(await fieldValues());
  const pods = [
    requireObject(objects, "Pod", "builder-test"),
    ...objects.filter((object) => object.kind === "CronJob").map((job) => job.spec.jobTemplate.spec.template),
  ];
  for (const pod of pods) {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  }
});

/** Kind and name of all that belongs to the whole cluster. */
const wide = async (environment: string) =>
  (await renderChart(await valuesWith({ environment }), { namespace: `builder-${environment}` }))
    .filter((object) => /^(Cluster|ValidatingAdmission)/.test(object.kind))
    .map((object): string => `${object.kind}/${object.metadata.name}`);

test("what belongs to the whole cluster is named after the environment, so two live side by side", async () => {
  const prod = await wide("prod");
  expect(prod).toHaveLength(9);
  // Whatever follows the environment in a name might be the end of another environment's.
  const ends = prod.map((name) => name.replace(/^.*powo-builder-prod[.-]/, ""));
  const others = ["uat", ...["builder", "cluster", "abcde", ...ends].map((end) => `prod-${end}`)];
  expect(others).toContain("prod-release");
  expect(others).toContain("prod-builder");
  for (const other of new Set(others))
    expect(
      (await wide(other)).filter((name) => prod.includes(name)),
      other,
    ).toEqual([]);
});

test("without admission policies the chart wants to hear that the operator knows", async () => {
  const refused = await helmTemplate(await valuesWith({ admissionPolicies: { enabled: false } }));
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("admissionPolicies: they are switched off");
  expect(refused.stderr).toContain("set admissionPolicies.acceptRisk: true");
  const taken = await helmTemplate(
    await valuesWith({ admissionPolicies: { enabled: false, acceptRisk: true } }),
  );
  expect(taken).toMatchObject({ exitCode: 0 });
  expect(taken.stdout).toContain("kind: CronJob");
  expect(taken.stdout).not.toContain("ValidatingAdmissionPolicy");
});

test("the notes tell who owns the nodes where the admission policies are off", async () => {
  const { helm } = await requireBinaries();
  const notes = async (changes: Record<string, unknown>) => {
    const args = ["install", "builder", chartDir, "-n", "builder-prod", "--dry-run=client", "-f", "-"];
    return (await execa(helm, args, { input: JSON.stringify(await valuesWith(changes)) })).stdout.split(
      "NOTES:",
    )[1];
  };
  expect(await notes({ admissionPolicies: { enabled: false, acceptRisk: true } })).toMatch(
    /the admission policies are off \(admissionPolicies\.enabled is false\)[^]*whoever can use it owns the nodes/,
  );
  expect(await notes({})).not.toContain("no admission policies");
});

test("policies, network policy and roles can be switched off, metrics on", async () => {
  const kinds = async (changes: Record<string, unknown>) =>
    new Set((await renderChart(await valuesWith(changes))).map((object) => object.kind as string));
  const all = await kinds({});
  expect(all).toContain("ValidatingAdmissionPolicy");
  expect(all).toContain("NetworkPolicy");
  expect(all).not.toContain("PodMonitor");
  expect(await kinds({ admissionPolicies: { enabled: false, acceptRisk: true } })).not.toContain(
    "ValidatingAdmissionPolicy",
  );
  expect(await kinds({ networkPolicy: { enabled: false } })).not.toContain("NetworkPolicy");
  expect(await kinds({ rbac: { create: false } })).not.toContain("ClusterRole");
  expect(await kinds({ metrics: { port: 9090, podMonitor: { enabled: true } } })).toContain("PodMonitor");
});

test("more kinds can be given to the release role", async () => {
  const extra = {
    apiGroups: ["networking.gke.io"],
    resources: ["managedcertificates"],
    verbs: ["get", "create"],
  };
  const objects = await renderChart(await valuesWith({ rbac: { extraReleaseRules: [extra] } }));
  expect(rulesOf(objects, "ClusterRole", "powo-builder-prod-release")).toContainEqual(extra);
});
