/**
 * What this project relies on in a Kubernetes API, driven with the real kubectl, Helm and client-node. The
 * emulator runs it (kubernetes-api.sandbox.test.ts), and so does any cluster that $KUBECONFIG points at and
 * that is steered like the emulator (test/e2e/kubernetes-api.test.ts). Where they differ, the emulator is wrong.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { createClients } from "./kubernetes-api-clients.ts";
import { describeChanges } from "./kubernetes-api-changes.ts";
import { describeDeletion } from "./kubernetes-api-deletion.ts";
import { describeFailures } from "./kubernetes-api-failures.ts";
import { describeJobs } from "./kubernetes-api-jobs.ts";
import { describeHelm } from "./kubernetes-api-helm.ts";
import { describeReading } from "./kubernetes-api-reading.ts";
import { describeWorkloads } from "./kubernetes-api-workloads.ts";
import type { Clients } from "./kubernetes-api-clients.ts";

export interface Cluster {
  kubeconfig: string;
}

/** What a group of cases works with; each group has a namespace of its own. */
export interface Bench {
  clients: Clients;
  /** The group's namespace. */
  namespace: string;
}

export function describeKubernetesApi(name: string, cluster: () => Cluster): void {
  const groups = {
    "reading and watching": describeReading,
    changes: describeChanges,
    deletion: describeDeletion,
    workloads: describeWorkloads,
    "Jobs by hand": describeJobs,
    failures: describeFailures,
    Helm: describeHelm,
  };
  for (const [title, cases] of Object.entries(groups)) {
    describe(`${name}: ${title}`, () => {
      const bench = {} as Bench;
      beforeAll(async () => {
        bench.clients = await createClients(cluster().kubeconfig);
        bench.namespace = `api-${randomBytes(3).toString("hex")}`;
        await bench.clients.kubectl(["create", "namespace", bench.namespace]);
        // The real controller makes it a moment after the namespace, and pods need it.
        await bench.clients.eventually(() =>
          bench.clients.kubectl(["get", "serviceaccount", "default", "-n", bench.namespace]),
        );
      });
      afterAll(async () => {
        await bench.clients.kubectl(["delete", "namespace", bench.namespace, "--wait=false"]);
      });
      cases(() => bench);
    });
  }
}
