/** What a rebuild leaves in the cluster, as other tools and people meet it. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readStored, type Bench } from "./bench.ts";

/** After a rebuild has gone live. */
export function describeOrdinaryRelease(bench: Bench): void {
  describe("the release that went live", () => {
    it("carries the labels of its run, and the state is as the contract says", async () => {
      const { environment, kubectl, secrets, data, names } = bench();
      const { run, history, text } = await readStored(bench());
      const namespace = JSON.parse(await kubectl("get", "namespace", run.release, "-o", "json"));
      expect(namespace.metadata.labels).toMatchObject({
        "app.kubernetes.io/managed-by": "powo-builder",
        "powo.kew.org/environment": environment,
        "powo.kew.org/run": run.runId,
      });
      expect(run).toMatchObject({
        schemaVersion: 2,
        release: expect.stringMatching(new RegExp(`^${environment}-[a-z0-9]{5}$`)),
        phase: "succeeded",
        startedAt: expect.any(String),
        inputs: {
          chartCommit: await bench().repository.head(),
          dataSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      });
      expect(run.dns.before).toHaveLength(names.length);
      expect(run.steps.map(({ name }: { name: string }) => name)).toEqual(
        "preflight install-release wait-for-pods load-data await-harvest verify-release swap-dns delete-old-release".split(
          " ",
        ),
      );
      expect(history.runs.length).toBeGreaterThan(0);
      expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
      expect(data.organisations.length).toBeGreaterThan(0);
      for (const canary of secrets.canaries) expect(text).not.toContain(canary);
    });

    it("is an ordinary Helm release: list, status and an upgrade by hand work", async () => {
      const { helm, chart, dir, environment } = bench();
      const { run } = await readStored(bench());
      const { release } = run;
      const listed = JSON.parse(await helm("list", "--all-namespaces", "-o", "json"));
      expect(listed).toContainEqual(
        expect.objectContaining({ name: release, namespace: release, status: "deployed" }),
      );
      expect(JSON.parse(await helm("status", release, "-n", release, "-o", "json"))).toMatchObject({
        info: { status: "deployed" },
      });
      const values = [
        "-f",
        path.join(dir, "secrets.yaml"),
        "-f",
        path.join(chart.dir, `${environment}.yaml`),
      ];
      const update = ["upgrade", "-n", release, ...values, "--set", "images.portal=site-portal:9.9.9"];
      await helm(...update, release, chart.dir);
      expect(JSON.parse(await helm("status", release, "-n", release, "-o", "json"))).toMatchObject({
        version: 2,
      });
    });

    it("is told in the termination message", async () => {
      const { run } = await readStored(bench());
      const message = await readFile(path.join(bench().dir, "termination-log"), "utf8");
      expect(message).toMatch(run.release);
    });
  });
}
