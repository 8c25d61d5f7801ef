/** The release role is enough for everything Helm does to a release, and for looking into a failed one. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import {
  asAdmin,
  helmRun,
  makeBuilder,
  namespaceYaml,
  releaseLabels,
  simulated,
  until,
  untilPoliciesHold,
} from "./cluster.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const builder = makeBuilder("rel");
const { environment: env, namespace: own } = builder;
const release = `${env}-new11`;
const releaseChart = path.resolve(import.meta.dirname, "../../fixtures/infrastructure/powo");
const directory = await mkdtemp(path.join(tmpdir(), "powo-e2e-"));
const kubeconfig = path.join(directory, "kubeconfig");
const secrets = { password: { db: "a", geodb: "b", geoserver: "c", harvester: "d", portal: "e", solr: "f" } };

/** Helm with nothing but the ServiceAccount's token, as in the pod. */
const helmAsBuilder = (args: string[]) =>
  helmRun(["--kubeconfig", kubeconfig, "-n", release, ...args], stringify(secrets));

describe.skipIf(!simulated)("on simulated nodes", () => {
  beforeAll(async () => {
    await builder.install();
    await untilPoliciesHold(builder);
    const admin = parse(await asAdmin(["config", "view", "--raw", "--minify", "-o", "yaml"]));
    admin.users[0].user = { token: (await asAdmin(["create", "token", "builder", "-n", own])).trim() };
    await writeFile(kubeconfig, stringify(admin), { mode: 0o600 });
    const bind = ["create", "rolebinding", "powo-builder", `--clusterrole=powo-builder-${env}-release`];
    await builder.kubectl(["create", "-f", "-"], namespaceYaml(release, releaseLabels(env)));
    await builder.kubectl([...bind, `--serviceaccount=${own}:builder`, "-n", release]);
    const list = ["get", "secrets", "-n", release];
    await until(
      "the binding",
      () => builder.kubectl(list),
      ({ exitCode }) => exitCode === 0,
    );
  });
  afterAll(async () => {
    await builder.remove();
    await removeFolder(directory);
  });

  test("helm installs, lists, upgrades, rolls back and uninstalls a release with the builder's token", async () => {
    const chart = [release, releaseChart, "-f", "-"];
    const commands = [
      // The builder waits for the pods itself; Helm's own wait would want to see ReplicaSets.
      ["install", ...chart],
      ["list", "-o", "json"],
      ["status", release, "-o", "json"],
      ["get", "values", release, "-o", "json"],
      ["get", "manifest", release],
      ["history", release, "-o", "json"],
      ["upgrade", ...chart, "--set", "colplanta.enabled=false"],
      ["rollback", release, "1"],
      ["uninstall", release, "--wait", "--timeout", "3m"],
    ];
    for (const command of commands) {
      expect(await helmAsBuilder(command), command[0]).toMatchObject({ exitCode: 0 });
    }
  });

  test("the evidence of a failure can be read, and the release can be deleted", async () => {
    await helmAsBuilder(["install", release, releaseChart, "-f", "-"]);
    for (const what of ["pods", "deployments,statefulsets", "persistentvolumeclaims", "events", "services"]) {
      expect(await builder.kubectl(["get", what, "-n", release]), what).toMatchObject({ exitCode: 0 });
    }
    await until(
      "the harvester's log",
      () => builder.kubectl(["logs", "deploy/harvester", "-n", release]),
      ({ exitCode }) => exitCode === 0,
    );
    expect(await builder.kubectl(["delete", "namespace", release])).toMatchObject({ exitCode: 0 });
  });

  test("a release role that lacks a kind of the chart says which", async () => {
    const without = `${env}-new22`;
    await builder.kubectl(["create", "-f", "-"], namespaceYaml(without, releaseLabels(env)));
    const { exitCode, text } = await helmRun(
      ["--kubeconfig", kubeconfig, "-n", without, "install", without, releaseChart, "-f", "-"],
      stringify(secrets),
    );
    expect(exitCode).not.toBe(0);
    expect(text).toMatch(/forbidden.*secrets|secrets.*forbidden/s);
  });
});
