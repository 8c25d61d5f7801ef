import { chartSource, insidePath, url, urlPath, urlTemplate } from "../urls.ts";
import { boolean, label, list, matching, path, text } from "../values.ts";
import { group } from "./row.ts";

// What git itself refuses in a ref, and a leading dash, which git would take for an option. Helm's regular expressions,
// which read the chart's schema, know no lookahead.
const gitRef = matching(
  "git branch, tag or commit",
  /^(?!-)(?!.*(\.\.|@\{|\/\/|\.lock$))[^\s~^:?*[\\\0]+$/,
  "a git branch, tag or commit; write master",
).meta({ type: ["string", "number"], pattern: "^[^-\\s]\\S*$" });

export const inputs = group("What is built", {
  ENVIRONMENT: {
    // Helm takes 53 letters for a release name and a run's name is a label of 63: `-xxxxx` and `-20261122-120000` are added.
    value: label("DNS label", 47, "prod").prefault("test"),
    description: "The environment that is built, and the prefix of its release names.",
    chart: "environment",
  },
  DATA_CONFIG_PATH: {
    at: "dataUrl",
    value: url,
    description: "The URL of the data configuration (JSON).",
    secret: "credentials",
    chart: "dataConfig",
  },
  SECRETS_FILE: {
    value: path.prefault("/tmp/secrets/secrets.yaml"),
    description: "The file of secret Helm values that the release is installed with.",
    chart: false,
  },
  DELETE_EXISTING: {
    value: boolean.prefault("true"),
    description: "Whether the replaced release is deleted at the end of a run.",
    chart: "deleteExisting",
  },
  STRICT_ERROR_CHECKING: {
    at: "strict",
    value: boolean.prefault("false"),
    description: "Whether a failed harvest job fails the run.",
    chart: "strictErrorChecking",
  },
});

export const chartRows = group("Where the chart comes from", {
  CHART_SOURCE: {
    at: "chart.source",
    value: chartSource.prefault("https://github.com/RBGKew/powo-infrastructure.git"),
    description:
      "Where the release chart is: a git repository (at DEPLOY_TAG), an oci:// reference or a local folder.",
    secret: "credentials",
    chart: "infrastructure.source",
  },
  CHART_PATH: {
    at: "chart.path",
    value: insidePath.prefault("powo"),
    description: "The folder of the chart inside CHART_SOURCE.",
    chart: "infrastructure.path",
  },
  DEPLOY_TAG: {
    value: gitRef.prefault("master"),
    description: "The branch, tag or commit of the chart's repository.",
    chart: "infrastructure.tag",
  },
  GIT_SSH_KEY_FILE: {
    at: "chart.sshKeyFile",
    value: path.optional(),
    description: "The file of the private SSH key for a private CHART_SOURCE.",
    chart: "infrastructure.sshKey",
  },
  GIT_TOKEN_FILE: {
    at: "chart.tokenFile",
    value: path.optional(),
    description: "The file of the access token for a private CHART_SOURCE over https.",
    chart: "infrastructure.token",
  },
  HELM_BIN: {
    value: path.prefault("helm"),
    description: "The Helm program: a path, or a name to look up in PATH.",
    chart: false,
  },
});

export const harvester = group("Harvester and site", {
  API_PREFIX: {
    at: "harvester.prefix",
    value: urlTemplate("namespace").prefault("http://ingress.{namespace}.svc.cluster.local"),
    description: "Scheme and host of the new release's harvester.",
    secret: "credentials",
  },
  API_URL: {
    at: "harvester.apiPath",
    value: urlPath.prefault("/harvester/api/1"),
    description: "The path prefix of the harvester's API.",
  },
  API_USERNAME: {
    at: "harvester.username",
    value: text.prefault("admin"),
    description: "The user name for the harvester's API.",
  },
  API_PASSWORD: {
    at: "harvester.password",
    value: text.prefault("password"),
    description: "The password for the harvester's API; by default password.harvester of SECRETS_FILE.",
    secret: "whole",
    chart: "password",
  },
  SITE_PREFIX: {
    value: urlTemplate("service", "namespace").prefault("http://{service}.{namespace}.svc.cluster.local"),
    description:
      "Scheme and host at which the new site is probed before it goes live, with the public name as Host header.",
    secret: "credentials",
  },
  JOB_LIST: {
    at: "jobLists",
    value: list("identifiers of job lists", { min: 1 }).prefault("1"),
    fileKey: "jobLists",
    description: "The job lists that load everything, run one after the other.",
  },
});
