import { approvalKind } from "../approval.ts";
import { acceptanceKind, sharesKind } from "../gate-kinds.ts";
import type { Setting } from "../setting.ts";
import { durationKind, listKind, numberKind, offOrKind, textKind } from "../setting.ts";
import { urlKind } from "../url-kinds.ts";
import { optional, path, withDefault } from "./rows.ts";

/** How long things may take. */
export const waitsRows = {
  RETRY_TIMEOUT: withDefault(durationKind(), "10m", {
    group: "Waits and retries",
    description: "How long one dependency may be away before the builder gives up for now (exit code 75).",
  }),
  PODS_TIMEOUT: withDefault(durationKind(), "20m", {
    group: "Waits and retries",
    description: "How long the new release's pods and load balancer addresses may take.",
  }),
  HARVEST_TIMEOUT: withDefault(durationKind(), "48h", {
    group: "Waits and retries",
    description: "How long the whole harvest may take.",
  }),
  HARVEST_POLL_INTERVAL: withDefault(durationKind({ min: "1ms" }), "60s", {
    group: "Waits and retries",
    description: "How often the harvester is asked how far it is.",
  }),
  HARVEST_STALL_TIMEOUT: withDefault(durationKind(), "6h", {
    group: "Waits and retries",
    description:
      "How long nothing may move in the harvest; the clock stands still while the harvester can't be asked.",
  }),
  HARVEST_JOB_RETRIES: withDefault(numberKind({ min: 0, max: 100, integer: true, example: "1" }), "1", {
    group: "Waits and retries",
    description: "How often a harvest job that did not end well is run again.",
  }),
};

/** The public names. */
export const dnsRows = {
  G_PROJECT: {
    ...textKind(
      "project id",
      /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/,
      "a project id; gcloud projects list shows them",
    ),
    group: "DNS",
    description: "The Google Cloud project of the DNS zones.",
    requiredElse: "",
  } satisfies Setting<string>,
  DNS_MAPPINGS_FILE: withDefault(path, "/config/dns-mappings.yaml", {
    group: "DNS",
    description: "The file of public names: under `dns:` a list of `{zone, name, service}`.",
    environmentOnly: true,
  }),
  GOOGLE_APPLICATION_CREDENTIALS: optional(path, {
    group: "DNS",
    description: "The service-account key file for Cloud DNS; without it the pod's own identity is used.",
  }),
  CLOUD_DNS_ENDPOINT: optional(urlKind({ base: true }), {
    group: "DNS",
    description: "Another Cloud DNS; a plain `http://host:port` means an emulator and no credentials.",
    secret: "credentials",
  }),
  DNS_TIMEOUT: withDefault(durationKind(), "10m", {
    group: "DNS",
    description: "How long a DNS change may stay pending before the builder stops for now (exit code 75).",
  }),
  DNS_POLL_INTERVAL: withDefault(durationKind({ min: "1ms" }), "5s", {
    group: "DNS",
    description: "How often a pending DNS change is looked at.",
  }),
  DNS_DRAIN_TTLS: withDefault(numberKind({ min: 0, max: 100, example: "2" }), "2", {
    group: "DNS",
    description: "How many times the largest old TTL is waited after the swap, once for all names.",
  }),
  DNS_SWAP_TTL: withDefault(offOrKind(durationKind({ min: "1s", max: "7d" })), "off", {
    group: "DNS",
    description: "The TTL that the records get before the swap, so that resolvers forget faster.",
  }),
  POST_SWAP_WATCH: withDefault(durationKind(), "10m", {
    group: "DNS",
    description:
      "How long the site is probed after the swap; three failures in a row put the old records back.",
  }),
};

/** What must hold before the swap. */
export const gatesRows = {
  GATE_MIN_SHARE: withDefault(numberKind({ min: 0, max: 10, example: "0.9" }), "0.9", {
    group: "Gates and approval",
    description: "The least that the new site may hold, as a share of the live site's totalResults.",
  }),
  GATE_MIN_SHARES: optional(sharesKind, {
    group: "Gates and approval",
    description:
      "Other shares for kinds of taxa: accepted, images, families, genera, species, infraspecies. 0 only compares.",
  }),
  GATE_ACCEPT: optional(acceptanceKind, {
    group: "Gates and approval",
    description: "Accepts the counts for which the last run was rejected, for the next run alone.",
  }),
  GATE_SENTINELS: optional(listKind("taxon ids", { atLeastOne: false }), {
    group: "Gates and approval",
    description: "Taxa that the new site must find.",
  }),
  APPROVAL: withDefault(approvalKind, "auto", {
    group: "Gates and approval",
    description: "Whether the run waits for the verb `approve` before the swap.",
  }),
  APPROVAL_TIMEOUT: withDefault(durationKind(), "72h", {
    group: "Gates and approval",
    description: "How long the run waits for an approval before it fails.",
  }),
};

/** What is deleted when. */
export const keptRows = {
  DELETE_TIMEOUT: withDefault(durationKind(), "15m", {
    group: "What is kept",
    description: "How long the deletion of a release and its namespace may take.",
  }),
  RETAIN_PREVIOUS: withDefault(durationKind(), "0s", {
    group: "What is kept",
    description: "How long the replaced release is kept for `rollback`, from the swap being done.",
  }),
  KEEP_FAILED: withDefault(durationKind(), "7d", {
    group: "What is kept",
    description: "How long a failed build is kept at most; the next run's install drops it as well.",
  }),
};
