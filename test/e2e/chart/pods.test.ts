/** Pods beyond Pod Security's baseline are refused to the builder's account, whatever makes them, and with them its labels. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowedPods, manifestOf, type PodCase, podKinds, refusedPods } from "../../fixtures/pod-security.ts";
import {
  type Answer,
  asAdmin,
  kubectlAs,
  makeBuilder,
  namespaceYaml,
  releaseLabels,
  until,
  untilPoliciesHold,
} from "./cluster.ts";

const builder = makeBuilder("pods");
const { environment: env, namespace: own } = builder;
const [ours, held] = [`${env}-ours1`, `${env}-held1`];
const self = `--serviceaccount=${own}:builder`;
const words = "the builder makes no pods beyond Pod Security's baseline";
const security = (level: string) => ({ "pod-security.kubernetes.io/enforce": level });
const list = (kind: string, cases: readonly PodCase[]) =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items: cases.map((one) => manifestOf(kind, one)) });
const dryCreate = (namespace: string) => ["create", "-f", "-", "-n", namespace, "--dry-run=server"];

/** What is said of each: `pod/plain created (server dry run)`, `pods "privileged" is forbidden: …`. */
const saidOf = ({ text }: Answer, name: string) =>
  text.split("\n").find((line) => line.includes(`/${name} `) || line.includes(`"${name}"`)) ??
  "nothing was said";

beforeAll(async () => {
  await builder.install({ dns: [{ zone: "z", name: "one.example.", service: "ingress" }] });
  await untilPoliciesHold(builder);
  await asAdmin(["apply", "-f", "-"], namespaceYaml(ours, releaseLabels(env)));
  await asAdmin(
    ["apply", "-f", "-"],
    namespaceYaml(held, { ...releaseLabels(env), ...security("baseline") }),
  );
  await asAdmin(["create", "clusterrolebinding", `mistake-${env}`, "--clusterrole=cluster-admin", self]);
  const may = ["auth", "can-i", "create", "podtemplates", "-n", ours];
  await until(
    "the mistake",
    () => builder.kubectl(may),
    ({ text }) => text.includes("yes"),
  );
});
afterAll(async () => {
  await asAdmin(["delete", "clusterrolebinding", `mistake-${env}`, "--ignore-not-found"]);
  await builder.remove();
});

describe.each(Object.keys(podKinds))("%s", (kind) => {
  test("beyond the baseline is refused, field by field, though the account were cluster-admin", async () => {
    const answer = await builder.kubectl(dryCreate(ours), list(kind, refusedPods));
    for (const one of refusedPods) expect.soft(saidOf(answer, one.name), one.name).toContain(words);
  });

  test("within the baseline is taken", async () => {
    const answer = await builder.kubectl(dryCreate(held), list(kind, allowedPods));
    for (const one of allowedPods) expect.soft(saidOf(answer, one.name), one.name).toContain("created");
  });
});

test("Kubernetes itself judges by the same table where the namespace is held to the baseline", async () => {
  const admin = kubectlAs("kubernetes-admin");
  const asOwner = (args: string[], input: string) => admin(["--as-group=system:masters", ...args], input);
  const refused = await asOwner(dryCreate(held), list("Pod", refusedPods));
  // From 1.35 on Kubernetes takes any procMount where the pod has users of its own; without those it is no pod at all.
  for (const { name } of refusedPods.filter((one) => one.name !== "proc-mount"))
    expect.soft(saidOf(refused, name), name).toContain('violates PodSecurity "baseline:latest"');
  const allowed = await asOwner(dryCreate(held), list("Pod", allowedPods));
  for (const { name } of allowedPods) expect.soft(saidOf(allowed, name), name).toContain("created");
});

test("a change to what is there is refused like a new one, and so is a container that is added to look into a pod", async () => {
  const [plain] = allowedPods;
  await asAdmin(["create", "-f", "-", "-n", ours], JSON.stringify(manifestOf("Deployment", plain!)));
  await asAdmin(["create", "-f", "-", "-n", ours], JSON.stringify(manifestOf("Pod", plain!)));
  const spec = { template: { spec: { hostPID: true } } };
  const change = ["patch", "deployment", "plain", "-n", ours, "--type=merge", "-p", JSON.stringify({ spec })];
  expect((await builder.kubectl(change)).text).toContain(words);
  const debug = ["debug", "plain", "-n", ours, "--image=registry.example/x", "--profile=sysadmin"];
  expect((await builder.kubectl(debug)).text).toContain(words);
});

describe("the labels of pod security", () => {
  const patch = (namespace: string, labels: object) => [
    ...["patch", "namespace", namespace, "--type=merge", "--dry-run=server", "-p"],
    JSON.stringify({ metadata: { labels } }),
  ];
  const without = "the builder lets no namespace below Pod Security's baseline";
  const create = (labels: object) =>
    builder.kubectl(
      ["create", "-f", "-", "--dry-run=server"],
      namespaceYaml(`${env}-new11`, { ...releaseLabels(env), ...labels }),
    );
  const version = { "pod-security.kubernetes.io/enforce-version": "v1.0" };

  test.each([
    ["made privileged", () => create(security("privileged"))],
    ["made with the rules of long ago", () => create({ ...security("baseline"), ...version })],
    ["made with warnings of less", () => create({ "pod-security.kubernetes.io/warn": "privileged" })],
    ["lowered", () => builder.kubectl(patch(held, security("privileged")))],
    ["taken away", () => builder.kubectl(patch(held, { "pod-security.kubernetes.io/enforce": null }))],
    ["dated back", () => builder.kubectl(patch(held, version))],
    ["set below on a namespace without them", () => builder.kubectl(patch(ours, security("privileged")))],
  ])("can't be %s", async (_, act) => {
    const { exitCode, text } = await act();
    expect(text).toContain(without);
    expect(exitCode).not.toBe(0);
  });

  test.each([
    ["made as the builder does", () => create(security("baseline"))],
    ["raised", () => builder.kubectl(patch(held, security("restricted")))],
    [
      "left as an administrator has set them",
      () => builder.kubectl(["annotate", "namespace", `${env}-low11`, "a=b", "--dry-run=server"]),
    ],
  ])("can be %s", async (_, act) => {
    await asAdmin(
      ["apply", "-f", "-"],
      namespaceYaml(`${env}-low11`, { ...releaseLabels(env), ...security("privileged"), ...version }),
    );
    expect(await act()).toMatchObject({ exitCode: 0 });
  });
});
