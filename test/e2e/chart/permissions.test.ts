/** What the builder's ServiceAccount may do and what not, as the API server sees it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { asAdmin, makeBuilder, namespaceYaml, releaseLabels, until, untilPoliciesHold } from "./cluster.ts";

const builder = makeBuilder("perm");
const { environment: env, namespace: own } = builder;
const role = `powo-builder-${env}-release`;
const [ours, kept, alien, old] = [`${env}-ours1`, `${env}-kept1`, `${env}-alien`, `${env}-old12`];
/** Of other managers, and with half of our labels: never this environment's, as in test/unit/domain/ownership.test.ts. */
const others: Record<string, Record<string, string>> = {
  [`${env}-helm1`]: { "app.kubernetes.io/managed-by": "Helm" },
  [`${env}-argo1`]: { "app.kubernetes.io/managed-by": "argocd", "powo.kew.org/environment": env },
  [`${env}-half1`]: { "app.kubernetes.io/managed-by": "powo-builder" },
  [`${env}-half2`]: { "powo.kew.org/environment": env },
  [`${env}-half3`]: { "powo.kew.org/run": "r1" },
};
const other = `other${env}-abcde`;
const node = (await asAdmin(["get", "nodes", "-o", "name"])).split("\n")[0]!.replace("node/", "");
const self = `--serviceaccount=${own}:builder`;

const bind = (namespace: string, roleName = role, subject = self, name = "powo-builder") => [
  ...["create", "rolebinding", name, `--clusterrole=${roleName}`, subject, "-n", namespace],
];
const patch = (kind: string, name: string, body: object, ...rest: string[]) => [
  ...["patch", kind, name, "--type=merge", "-p", JSON.stringify(body), ...rest],
];
const metadata = (body: object) => ({ metadata: body });
const lease = (name: string, namespace: string) =>
  JSON.stringify({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, namespace } });
const create = ["create", "-f", "-"];

beforeAll(async () => {
  await builder.install();
  await untilPoliciesHold(builder);
  const mine = releaseLabels(env);
  await asAdmin(["apply", "-f", "-"], namespaceYaml(kept, mine, { "powo.kew.org/keep": "" }));
  await asAdmin(["apply", "-f", "-"], namespaceYaml(alien, { team: "tools" }));
  await asAdmin(["apply", "-f", "-"], namespaceYaml(other, releaseLabels(`other${env}`)));
  await asAdmin(["apply", "-f", "-"], namespaceYaml(ours, mine));
  for (const [name, given] of Object.entries(others))
    await asAdmin(["apply", "-f", "-"], namespaceYaml(name, given));
  await asAdmin(["create", "namespace", old]);
  await asAdmin(["create", "configmap", "keeper", "-n", kept]);
  expect(await builder.kubectl(bind(kept))).toMatchObject({ exitCode: 0 });
  await asAdmin(["run", "shell", "--image=x", "-n", ours]);
  expect(await builder.kubectl(bind(ours))).toMatchObject({ exitCode: 0 });
  const list = ["get", "secrets", "-n", ours];
  await until(
    "the binding",
    () => builder.kubectl(list),
    ({ exitCode }) => exitCode === 0,
  );
});
afterAll(() => builder.remove());

type Attempt = [what: string, args: string[], input?: string];

const forbidden: Attempt[] = [
  ["create a namespace without labels", ["create", "namespace", `${env}-nolab`]],
  ["create a namespace of any name", create, namespaceYaml(`tools-${env}`, releaseLabels(env))],
  ["create one with six characters", create, namespaceYaml(`${env}-abcdef`, releaseLabels(env))],
  [
    "create one whose name only begins like the environment's",
    create,
    namespaceYaml(`${env}x-abcde`, releaseLabels(env)),
  ],
  [
    "create one labelled for another environment",
    create,
    namespaceYaml(`${env}-abcd1`, releaseLabels("uat")),
  ],
  ["delete default", ["delete", "namespace", "default"]],
  ["delete kube-system", ["delete", "namespace", "kube-system"]],
  ["delete kube-node-lease", ["delete", "namespace", "kube-node-lease"]],
  ["delete its own namespace", ["delete", "namespace", own]],
  ["delete another environment's release", ["delete", "namespace", other]],
  ["delete a kept release", ["delete", "namespace", kept]],
  ["delete somebody's namespace that happens to match", ["delete", "namespace", alien]],
  ...Object.keys(others).flatMap((name): Attempt[] => [
    [`delete ${name.slice(env.length)}`, ["delete", "namespace", name]],
    [`bind itself in ${name.slice(env.length)}`, bind(name)],
  ]),
  [
    "take the keep annotation away",
    patch("namespace", kept, metadata({ annotations: { "powo.kew.org/keep": null } })),
  ],
  ["make somebody's namespace its own", patch("namespace", alien, metadata({ labels: releaseLabels(env) }))],
  [
    "give its namespace to another environment",
    patch("namespace", ours, metadata({ labels: releaseLabels("uat") })),
  ],
  ["label kube-system", patch("namespace", "kube-system", metadata({ labels: releaseLabels(env) }))],
  ["bind itself in default", bind("default")],
  ["bind itself in kube-system", bind("kube-system")],
  ["bind itself in another environment's release", bind(other)],
  ["bind itself under another name in a kept release", bind(kept, role, self, "powo-builder-2")],
  ["bind itself in somebody's namespace", bind(alien)],
  ["bind itself in its own namespace", bind(own)],
  ["bind cluster-admin", bind(ours, "cluster-admin", self, "more")],
  ["bind edit", bind(ours, "edit", self, "more")],
  ["bind its role to somebody else", bind(ours, role, "--serviceaccount=default:default", "more")],
  ["bind its role to all ServiceAccounts", bind(ours, role, "--group=system:serviceaccounts", "more")],
  ["bind under another name", bind(ours, role, self, "more")],
  ["bind for the whole cluster", ["create", "clusterrolebinding", "x", `--clusterrole=${role}`, self]],
  ["change its role", patch("clusterrole", role, { rules: [] })],
  ["create a role", ["create", "role", "x", "--verb=get", "--resource=pods", "-n", ours]],
  ["remove its binding", ["delete", "rolebinding", "powo-builder", "-n", ours]],
  ["read all Secrets", ["get", "secrets", "-A"]],
  ["read Secrets in kube-system", ["get", "secrets", "-n", "kube-system"]],
  ["read Secrets of another environment", ["get", "secrets", "-n", other]],
  ["read Secrets through the API in its own namespace", ["get", "secret", "builder-secrets", "-n", own]],
  ["write a Secret in its own namespace", ["create", "secret", "generic", "x", "-n", own]],
  ["read all ConfigMaps", ["get", "configmaps", "-A"]],
  ["look into a pod of somebody else", ["get", "pod", "x", "-n", "default"]],
  ["write another ConfigMap beside its state", ["create", "configmap", "x", "-n", own]],
  ["change its own configuration", patch("configmap", "builder-config", { data: {} }, "-n", own)],
  ["take another Lease", create, lease("other", own)],
  ["take a node's Lease", create, lease("x", "kube-node-lease")],
  ["run a pod in its own namespace", ["run", "x", "--image=x", "-n", own]],
  ["start a Job in its own namespace", ["create", "job", "x", "--from=cronjob/builder", "-n", own]],
  ["change its CronJob", patch("cronjob", "builder", { spec: { suspend: true } }, "-n", own)],
  ["deploy in default", ["create", "deployment", "x", "--image=x", "-n", "default"]],
  ["write a ConfigMap in a kept release", ["create", "configmap", "x", "-n", kept]],
  ["delete a ConfigMap in a kept release", ["delete", "configmap", "keeper", "-n", kept]],
  ["get a token", ["create", "token", "builder", "-n", own]],
  ["open a shell", ["exec", "-n", ours, "shell", "--", "sh"]],
  ["look into a node", ["get", "node", node]],
  ["cordon a node", ["cordon", node]],
  ["switch its policies off", ["delete", "validatingadmissionpolicybinding", `powo-builder-${env}-writes`]],
  ["change its policies", patch("validatingadmissionpolicy", `powo-builder-${env}-namespaces`, { spec: {} })],
  [
    "create a StorageClass",
    create,
    JSON.stringify({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "x" },
      provisioner: "x",
    }),
  ],
];

test.each(forbidden)("may not %s", async (_what, args, input) => {
  const { exitCode, text } = await builder.kubectl(args, input);
  expect(text).toMatch(/forbidden/i);
  expect(exitCode).not.toBe(0);
});

const allowed: Attempt[] = [
  ["see all namespaces", ["get", "namespaces"]],
  ["see all services", ["get", "services", "-A"]],
  ["see what room there is", ["get", "nodes,pods", "-A"]],
  ["ask what it may do", ["auth", "can-i", "get", "namespaces"]],
  ["create its state", ["create", "configmap", `powo-builder-${env}`, "-n", own]],
  ["change its state", patch("configmap", `powo-builder-${env}`, { data: { a: "b" } }, "-n", own)],
  ["keep its data configuration", ["create", "configmap", `powo-builder-${env}.data`, "-n", own]],
  ["replace it", patch("configmap", `powo-builder-${env}.data`, { data: { a: "b" } }, "-n", own)],
  ["keep that of a run beside it", ["create", "configmap", `powo-builder-${env}.data2`, "-n", own]],
  ["replace that", patch("configmap", `powo-builder-${env}.data2`, { data: { a: "b" } }, "-n", own)],
  ["take its Lease", create, lease(`powo-builder-${env}`, own)],
  ["renew its Lease", patch("lease", `powo-builder-${env}`, { spec: { holderIdentity: "x" } }, "-n", own)],
  ["create a release's namespace", create, namespaceYaml(`${env}-new11`, releaseLabels(env))],
  ["bind itself there", bind(`${env}-new11`)],
  [
    "annotate it",
    patch("namespace", `${env}-new11`, metadata({ annotations: { "powo.kew.org/kept-until": "x" } })),
  ],
  ["write a Secret in its release", ["create", "secret", "generic", "x", "-n", ours]],
  ["deploy in its release", ["create", "deployment", "x", "--image=x", "-n", ours]],
  ["read its release's pods, events and claims", ["get", "pods,events,persistentvolumeclaims", "-n", ours]],
  ["read what is in a kept release", ["get", "configmap", "keeper", "-n", kept]],
  ["bind itself in the original builder's release", bind(old)],
  ["delete the original builder's release", ["delete", "namespace", old, "--wait=false"]],
  ["delete its release", ["delete", "namespace", `${env}-new11`, "--wait=false"]],
];

test.each(allowed)("may %s", async (_what, args, input) => {
  expect(await builder.kubectl(args, input)).toMatchObject({ exitCode: 0 });
});

test("the policies hold even if somebody makes the builder cluster-admin", async () => {
  await asAdmin(["create", "clusterrolebinding", `mistake-${env}`, "--clusterrole=cluster-admin", self]);
  try {
    const mistake = ["auth", "can-i", "delete", "nodes"];
    await until(
      "the mistake",
      () => builder.kubectl(mistake),
      ({ text }) => text.includes("yes"),
    );
    // Reading is never held by admission, nor are admission policies themselves (or they could lock everybody out).
    const held = forbidden.filter(([what, args]) => args[0] !== "get" && !what.includes("policies"));
    for (const [what, args, input] of held) {
      const dry = args[0] === "exec" || args[1] === "token" ? [] : ["--dry-run=server"];
      expect.soft((await builder.kubectl([...args, ...dry], input)).text, what).toMatch(/forbidden/i);
    }
  } finally {
    await asAdmin(["delete", "clusterrolebinding", `mistake-${env}`]);
  }
});

test("it sees neither nodes nor other pods where it is not to look for room", async () => {
  await builder.install({ rbac: { capacityCheck: false } });
  for (const what of ["nodes", "pods"])
    await until(
      `${what} to be closed`,
      () => builder.kubectl(["get", what, "-A"]),
      ({ text }) => text.includes("forbidden"),
    );
});

test("unlabelled namespaces are left alone once the migration is over", async () => {
  const unlabelled = `${env}-old34`;
  await asAdmin(["create", "namespace", unlabelled]);
  await builder.install({ admissionPolicies: { adoptUnlabelled: false } });
  const dryDelete = ["delete", "namespace", unlabelled, "--dry-run=server"];
  await until(
    "the changed policy",
    () => builder.kubectl(dryDelete),
    ({ text }) => text.includes("is not labelled"),
  );
  await asAdmin([
    "label",
    "namespace",
    unlabelled,
    ...["app.kubernetes.io/managed-by=powo-builder", `powo.kew.org/environment=${env}`],
  ]);
  expect(await builder.kubectl(dryDelete)).toMatchObject({ exitCode: 0 });
});
