import { expect, it } from "vitest";
import { checkChart } from "../../../../src/actions/checks/chart.ts";
import { shareConnections } from "../../../../src/adapters/kubernetes/connections.ts";
import { createRedactor } from "../../../../src/redaction.ts";

it("validate names secrets that can't be hidden by their keys, never by their values", async () => {
  const values = {
    password: { db: "abc", solr: "PROD", portal: "long enough", list: ["admin", 123] },
    on: true,
  };
  const chart = {
    name: "powo",
    version: "1",
    commit: "c",
    dir: "/x",
    environmentValues: undefined,
    valuesDigest: "",
  };
  const task = {
    settings: { environment: "prod", retryTimeoutMs: 1_000, mappings: [], harvester: { password: "x" } },
    signal: new AbortController().signal,
    ports: {
      sources: {
        readSecrets: async () => ({ file: "/s", sha256: "", values }),
        fetchChart: async () => chart,
      },
      cluster: { capabilities: async () => ({}) },
      releases: { render: async () => [] },
    },
  };
  const { warnings } = await checkChart(task as never);
  expect(warnings).toEqual([
    "secrets file: password.db, password.solr, password.list.0, password.list.1: too short or too common to be hidden in logs; choose another value",
  ]);
});

it("a token of the cluster is hidden as soon as it is read, and after it was replaced", async () => {
  const redactor = createRedactor();
  let token = "canary-first";
  const kubeConfig = {
    applyToHTTPSOptions: async (options: object) =>
      void Object.assign(options, { headers: { Authorization: `Bearer ${token}` }, key: `key of ${token}` }),
    getCurrentCluster: () => undefined,
    createDispatcherOptions: () => ({ type: "none" }),
  };
  const connections = shareConnections(kubeConfig as never, redactor);
  await connections.credentials();
  token = "canary-second";
  await connections.credentials();
  connections.close();
  expect(redactor.redact("canary-first canary-second, key of canary-second")).toBe("*** ***, ***");
});
