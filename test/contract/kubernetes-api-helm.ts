/** Helm: the life of a release. */
import path from "node:path";
import { expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";

const chart = path.resolve(import.meta.dirname, "../fixtures/tiny-chart");

export function describeHelm(bench: () => Bench): void {
  const helm = (verb: string, ...args: string[]) =>
    bench().clients.helm([verb, "tiny", ...args, "-n", bench().namespace]);
  const container = async (): Promise<Json> => {
    const { clients, namespace } = bench();
    const { spec } = JSON.parse(
      await clients.kubectl(["get", "deployment", "tiny", "-n", namespace, "-o", "json"]),
    );
    return spec.template.spec.containers[0];
  };

  it("installs and waits until all is ready", async () => {
    const { clients, namespace } = bench();
    await helm("install", chart, "--wait", "--timeout=40s");
    const status = JSON.parse(await helm("status", "-o", "json"));
    expect(status).toMatchObject({ name: "tiny", namespace, info: { status: "deployed" }, version: 1 });
    expect(await clients.kubectl(["get", "deployment", "tiny", "-n", namespace])).toContain("1/1");
    expect(await clients.kubectl(["get", "secret", "-l", "owner=helm", "-n", namespace, "-o", "name"])).toBe(
      "secret/sh.helm.release.v1.tiny.v1",
    );
  });

  it("is among the releases of all namespaces", async () => {
    const { clients, namespace } = bench();
    const releases = JSON.parse(await clients.helm(["list", "-A", "-o", "json"])) as Json[];
    expect(releases.find((release) => release.namespace === namespace)).toMatchObject({
      name: "tiny",
      status: "deployed",
      revision: "1",
    });
  });

  it("upgrades, and takes away what the chart no longer has", async () => {
    const { clients, namespace } = bench();
    await helm("upgrade", chart, "--set=extra=more", "--wait", "--timeout=40s");
    expect((await container()).env.map(({ name }: Json) => name as string)).toEqual(["PASSWORD", "EXTRA"]);
    await helm("upgrade", chart, "--set=stateful=false", "--wait", "--timeout=40s");
    expect((await container()).env.map(({ name }: Json) => name as string)).toEqual(["PASSWORD"]);
    expect(await clients.kubectl(["get", "statefulset", "-n", namespace, "-o", "name"])).toBe("");
    expect(JSON.parse(await helm("history", "-o", "json"))).toHaveLength(3);
  });

  it("says so when the pods don't become ready", async () => {
    const { clients, namespace } = bench();
    const key = `${namespace}-helm`;
    const steer = (value: string | null) =>
      clients.kubectl([
        "patch",
        "configmap",
        "simulation",
        "-n",
        "kube-system",
        "--type=merge",
        "-p",
        JSON.stringify({ data: { [key]: value } }),
      ]);
    await steer(`${namespace}/tiny never-ready`);
    await expect(
      helm("upgrade", chart, "--set=stateful=false,extra=again", "--wait", "--timeout=3s"),
    ).rejects.toThrow();
    await steer(null);
    expect(JSON.parse(await helm("status", "-o", "json"))).toMatchObject({ info: { status: "failed" } });
    await helm("upgrade", chart, "--set=stateful=false", "--wait", "--timeout=40s");
  });

  it("leaves a release pending when it is killed, and says so to the next", async () => {
    const { clients, namespace } = bench();
    const key = `${namespace}-killed`;
    const steer = (value: string | null) =>
      clients.kubectl([
        ...["patch", "configmap", "simulation", "-n", "kube-system", "--type=merge"],
        ...["-p", JSON.stringify({ data: { [key]: value } })],
      ]);
    await steer(`${namespace}/* never-ready`);
    const killed = clients.helmProcess([
      "upgrade",
      "tiny",
      chart,
      "--set=extra=killed",
      "--wait",
      "-n",
      namespace,
    ]);
    const isPending = async () =>
      expect(JSON.parse(await helm("status", "-o", "json"))).toMatchObject({
        info: { status: "pending-upgrade" },
      });
    await clients.eventually(isPending);
    killed.kill("SIGKILL");
    await killed;
    await steer(null);
    await isPending();
    await expect(helm("upgrade", chart)).rejects.toThrow(
      "another operation (install/upgrade/rollback) is in progress",
    );
  });

  it("uninstalls and waits until all is gone", async () => {
    const { clients, namespace } = bench();
    await helm("uninstall", "--wait", "--timeout=40s");
    expect(await clients.kubectl(["get", "deployment,service,secret", "-n", namespace, "-o", "name"])).toBe(
      "",
    );
    await expect(helm("status", "-o", "json")).rejects.toThrow("not found");
  });
}
