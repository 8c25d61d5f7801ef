/** Settings, and the files that some of them name. */
import { chmod } from "node:fs/promises";
import { type BadInput, problem, withSettings } from "./bench.ts";

export const settingsCases: readonly BadInput[] = [
  withSettings("no project", { G_PROJECT: "" }, problem("G_PROJECT", "missing; ")),
  withSettings("no data URL", { DATA_CONFIG_PATH: " " }, problem("DATA_CONFIG_PATH", "missing; ")),
  withSettings(
    "five mistakes at once",
    {
      HARVEST_TIMEOUT: "2 days",
      DELETE_EXISTING: "maybe",
      LEASE_DURATION: "0s",
      JOB_LIST: "1,,2",
      LOG_LEVEL: "loud",
    },
    [
      ["HARVEST_TIMEOUT", "write 48h"],
      ["DELETE_EXISTING", "neither true nor false"],
      ["LEASE_DURATION", "must not be zero"],
      ["JOB_LIST", "empty entry"],
      ["LOG_LEVEL", "is unknown"],
    ],
  ),
  withSettings(
    "an environment in capitals",
    { ENVIRONMENT: "Prod" },
    problem("ENVIRONMENT", "is not a name"),
  ),
  withSettings(
    "an environment too long",
    { ENVIRONMENT: "p".repeat(48) },
    problem("ENVIRONMENT", "is not a name"),
  ),
  withSettings(
    "a project with a space",
    { G_PROJECT: "my project" },
    problem("G_PROJECT", "is not a project id"),
  ),
  withSettings(
    "a namespace that is none",
    { BUILDER_NAMESPACE: "Builder!" },
    problem("BUILDER_NAMESPACE", "is not a name"),
  ),
  withSettings(
    "a ref that is an option",
    { DEPLOY_TAG: "--upload-pack=x" },
    problem("DEPLOY_TAG", "is not a git branch"),
  ),
  withSettings(
    "a role without a service account",
    { RELEASE_ROLE: "role" },
    problem("SERVICE_ACCOUNT", "set both or neither"),
  ),
  withSettings(
    "a service account without a role",
    { SERVICE_ACCOUNT: "builder" },
    problem("RELEASE_ROLE", "set both or neither"),
  ),
  withSettings(
    "a webhook that is no URL",
    { NOTIFY_WEBHOOK_URL: "canary-hook" },
    problem("NOTIFY_WEBHOOK_URL", "must begin with http"),
  ),
  withSettings(
    "a placeholder that nobody knows",
    { API_PREFIX: "http://{host}" },
    problem("API_PREFIX", "is unknown"),
  ),
  withSettings(
    "an API path without a slash",
    { API_URL: "harvester" },
    problem("API_URL", "must begin with /"),
  ),
  withSettings(
    "a share in per cent",
    { GATE_MIN_SHARE: "90%" },
    problem("GATE_MIN_SHARE", "is not a number"),
  ),
  withSettings(
    "a chart path that climbs out",
    { CHART_PATH: "../powo" },
    problem("CHART_PATH", "must not contain .."),
  ),
  withSettings(
    "a kubeconfig that is missing",
    { KUBECONFIG: "/nowhere/kubeconfig" },
    problem("KUBECONFIG", "there is no such file"),
  ),
  {
    name: "a kubeconfig that is no YAML",
    given: async ({ file }) => ({ KUBECONFIG: await file("kubeconfig", "clusters: [canary") }),
    says: problem("KUBECONFIG", "is not a kubeconfig"),
  },
  {
    name: "a kubeconfig without a cluster",
    given: async ({ file }) => ({ KUBECONFIG: await file("kubeconfig", "apiVersion: v1\nkind: Config\n") }),
    says: problem("KUBECONFIG", "names no cluster"),
  },
  withSettings(
    "a Helm that is missing",
    { HELM_BIN: "/nowhere/helm" },
    problem("HELM_BIN", "does not exist on this machine"),
  ),
  {
    name: "a Helm that can't be executed",
    given: async ({ file }) => ({ HELM_BIN: await file("helm", "text") }),
    says: problem("HELM_BIN", "may not be executed"),
  },
  {
    name: "a Helm that is something else",
    given: async ({ file }) => {
      const helm = await file("helm", "#!/bin/sh\necho hello\n");
      await chmod(helm, 0o755);
      return { HELM_BIN: helm };
    },
    says: problem("the chart", "or HELM_BIN if that is not Helm"),
  },
  withSettings(
    "a Google key that is missing",
    { CLOUD_DNS_ENDPOINT: "", GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/key.json" },
    problem("GOOGLE_APPLICATION_CREDENTIALS", "there is no such file"),
  ),
  {
    name: "a Google key that is no JSON",
    given: async ({ file }) => ({
      CLOUD_DNS_ENDPOINT: "",
      GOOGLE_APPLICATION_CREDENTIALS: await file("key.json", "{canary"),
    }),
    says: problem("GOOGLE_APPLICATION_CREDENTIALS", "is not a JSON key"),
  },
  {
    name: "a Google key that is none",
    given: async ({ file }) => ({
      CLOUD_DNS_ENDPOINT: "",
      GOOGLE_APPLICATION_CREDENTIALS: await file("key.json", '{"type":"canary"}'),
    }),
    says: problem("GOOGLE_APPLICATION_CREDENTIALS", "is not a JSON key"),
  },
];
