import type { Setting } from "../setting.ts";
import { booleanKind, listKind, textKind } from "../setting.ts";
import { chartSourceKind, insidePathKind, urlKind, urlPathKind, urlTemplateKind } from "../url-kinds.ts";
import { credential, optional, path, withDefault } from "./rows.ts";

/**
 * Helm takes 53 letters for a release name and the run's name is a label of 63; `<environment>-xxxxx` and
 * `<environment>-20261122-120000` leave 47 to the environment.
 */
const environment = textKind(
  "DNS label of at most 47 letters",
  /^(?=.{1,47}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  "a name of at most 47 of a-z, 0-9 and -; write prod",
);
// What git itself refuses in a ref, and a leading dash, which git would take for an option.
const gitRef = textKind(
  "git branch, tag or commit",
  /^(?!-)(?!.*(\.\.|@\{|\/\/|\.lock$))[^\s~^:?*[\\\0]+$/,
  "a git branch, tag or commit; write master",
);

/** What is built, from where. */
export const inputsRows = {
  ENVIRONMENT: withDefault(environment, "test", {
    group: "What is built",
    description: "The environment that is built, and the prefix of its release names.",
  }),
  DATA_CONFIG_PATH: {
    ...urlKind({ base: false }),
    group: "What is built",
    description: "The URL of the data configuration (JSON).",
    requiredElse: "",
    secret: "credentials",
  } satisfies Setting<string>,
  SECRETS_FILE: withDefault(path, "/tmp/secrets/secrets.yaml", {
    group: "What is built",
    description: "The file of secret Helm values that the release is installed with.",
  }),
  DELETE_EXISTING: withDefault(booleanKind, "true", {
    group: "What is built",
    description: "Whether the replaced release is deleted at the end of a run.",
  }),
  STRICT_ERROR_CHECKING: withDefault(booleanKind, "false", {
    group: "What is built",
    description: "Whether a harvest job that did not end well fails the run.",
  }),
  CHART_SOURCE: withDefault(chartSourceKind, "https://github.com/RBGKew/powo-infrastructure.git", {
    group: "Where the chart comes from",
    description:
      "Where the release chart is: a git repository (at DEPLOY_TAG), an oci:// reference or a local folder.",
    secret: "credentials",
  }),
  CHART_PATH: withDefault(insidePathKind, "powo", {
    group: "Where the chart comes from",
    description: "The folder of the chart inside CHART_SOURCE.",
  }),
  DEPLOY_TAG: withDefault(gitRef, "master", {
    group: "Where the chart comes from",
    description: "The branch, tag or commit of the chart's repository.",
  }),
  GIT_SSH_KEY_FILE: optional(path, {
    group: "Where the chart comes from",
    description: "The file of the private SSH key for a private CHART_SOURCE.",
  }),
  GIT_TOKEN_FILE: optional(path, {
    group: "Where the chart comes from",
    description: "The file of the access token for a private CHART_SOURCE over https.",
  }),
  HELM_BIN: withDefault(path, "helm", {
    group: "Where the chart comes from",
    description: "The Helm program: a path, or a name to look up in PATH.",
  }),
};

/** How the harvester and the new site are reached. */
export const harvesterRows = {
  API_PREFIX: withDefault(urlTemplateKind(["namespace"]), "http://ingress.{namespace}.svc.cluster.local", {
    group: "Harvester and site",
    description: "Scheme and host of the new release's harvester.",
    secret: "credentials",
  }),
  API_URL: withDefault(urlPathKind, "/harvester/api/1", {
    group: "Harvester and site",
    description: "The path that the harvester's API begins with.",
  }),
  API_USERNAME: withDefault(credential, "admin", {
    group: "Harvester and site",
    description: "The user name for the harvester's API.",
  }),
  API_PASSWORD: withDefault(credential, "password", {
    group: "Harvester and site",
    description: "The password for the harvester's API.",
    secret: "whole",
  }),
  SITE_PREFIX: withDefault(
    urlTemplateKind(["service", "namespace"]),
    "http://{service}.{namespace}.svc.cluster.local",
    {
      group: "Harvester and site",
      description:
        "Scheme and host where the new site is asked before it goes live, with the public name as Host header.",
      secret: "credentials",
    },
  ),
  JOB_LIST: withDefault(listKind("identifiers of job lists", { atLeastOne: true }), "1", {
    group: "Harvester and site",
    description: "The job lists that load everything, run one after the other.",
  }),
};
