import { baseUrl } from "../urls.ts";
import { approval, duration, list, matching, number, offOr, path, share, shares } from "../values.ts";
import { group } from "./row.ts";

export const waits = group("Waits and retries", {
  RETRY_TIMEOUT: {
    at: "retryTimeoutMs",
    value: duration().prefault("10m"),
    description:
      "How long a dependency may be unavailable before the builder gives up for now (exit code 75).",
  },
  PODS_TIMEOUT: {
    at: "podsTimeoutMs",
    value: duration().prefault("20m"),
    description: "How long the new release's pods and load balancer addresses may take.",
  },
  HARVEST_TIMEOUT: {
    at: "harvest.timeoutMs",
    value: duration().prefault("48h"),
    description: "How long the whole harvest may take.",
  },
  HARVEST_POLL_INTERVAL: {
    at: "harvest.pollIntervalMs",
    value: duration({ min: "1ms" }).prefault("60s"),
    description: "How often the harvester is polled for its progress.",
  },
  HARVEST_STALL_TIMEOUT: {
    at: "harvest.stallTimeoutMs",
    value: duration().prefault("6h"),
    description:
      "How long the harvest may make no progress; the clock stops while the harvester is unreachable.",
  },
  HARVEST_WEDGE_TIMEOUT: {
    at: "harvest.wedgeTimeoutMs",
    value: duration({ min: "1ms" }).prefault("30m"),
    description:
      "How long the list and its records may stand still after the harvester was away, before the list counts as dead and its remaining jobs run one by one.",
  },
  HARVEST_JOB_RETRIES: {
    at: "harvest.jobRetries",
    value: number({ min: 0, max: 100, integer: true, example: "1" }).prefault("1"),
    description: "How many times a failed harvest job is run again.",
  },
});

export const dns = group("DNS", {
  G_PROJECT: {
    at: "dns.project",
    value: matching(
      "project id",
      /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/,
      "a project id; gcloud projects list shows them",
    ),
    description: "The Google Cloud project of the DNS zones.",
    chart: "project",
  },
  DNS_MAPPINGS_FILE: {
    value: path.prefault("/config/dns-mappings.yaml"),
    description: "The file of public names: under `dns:` a list of `{zone, name, service}`.",
    environmentOnly: true,
    chart: "dns",
  },
  GOOGLE_APPLICATION_CREDENTIALS: {
    at: "google.credentialsFile",
    value: path.optional(),
    description: "The service-account key file for Cloud DNS; without it the pod's own identity is used.",
    chart: "sa",
  },
  CLOUD_DNS_ENDPOINT: {
    at: "dns.endpoint",
    value: baseUrl.optional(),
    description: "The Cloud DNS endpoint; a plain `http://host:port` means an emulator without credentials.",
    secret: "credentials",
  },
  DNS_TIMEOUT: {
    at: "dns.timeoutMs",
    value: duration().prefault("10m"),
    description: "How long a DNS change may stay pending before the builder stops for now (exit code 75).",
  },
  DNS_POLL_INTERVAL: {
    at: "dns.pollIntervalMs",
    value: duration({ min: "1ms" }).prefault("5s"),
    description: "How often a pending DNS change is polled.",
  },
  DNS_DRAIN_TTLS: {
    at: "dns.drainTtls",
    value: number({ min: 0, max: 100, example: "2" }).prefault("2"),
    description: "How long to wait after the swap, once for all names, as a multiple of the largest old TTL.",
  },
  DNS_SWAP_TTL: {
    at: "dns.swapTtlSeconds",
    value: offOr(duration({ min: "1s", max: "7d", unitMs: 1_000 })).prefault("off"),
    description:
      "The TTL that the records get before the swap, so that resolvers forget the old addresses faster.",
  },
  POST_SWAP_WATCH: {
    at: "postSwapWatchMs",
    value: duration().prefault("10m"),
    description:
      "How long the site is probed after the swap; three failures in a row restore the old records.",
  },
});

export const gates = group("Gates and approval", {
  GATE_MIN_SHARE: {
    at: "gate.minShare",
    value: share.prefault("0.9"),
    fileKey: "gates.minShare",
    description: "The minimum totalResults of the new site, as a share of the live site's.",
  },
  GATE_MIN_SHARES: {
    at: "gate.minShares",
    value: shares.prefault(""),
    description:
      "Minimum shares by kind of taxon: accepted, images, families, genera, species, infraspecies. 0 only compares.",
  },
  GATE_SENTINELS: {
    at: "gate.sentinels",
    value: list("taxon ids", { min: 0 }).prefault(""),
    fileKey: "gates.sentinels",
    description: "Taxa that the new site must find.",
  },
  APPROVAL: {
    value: approval.prefault("auto"),
    description: "Whether the run waits for the verb `approve` before the swap.",
  },
  APPROVAL_TIMEOUT: {
    at: "approvalTimeoutMs",
    value: duration().prefault("72h"),
    description: "How long the run waits for an approval before it fails.",
  },
});

export const kept = group("What is kept", {
  DELETE_TIMEOUT: {
    at: "deleteTimeoutMs",
    value: duration().prefault("15m"),
    description: "How long the deletion of a release and its namespace may take.",
  },
  RETAIN_PREVIOUS: {
    at: "retainPreviousMs",
    value: duration().prefault("0s"),
    description: "How long the replaced release is kept for `rollback`, counted from the end of the swap.",
  },
  KEEP_FAILED: {
    at: "keepFailedMs",
    value: duration().prefault("7d"),
    description: "How long a failed build is kept at most; the next run removes it before it installs.",
  },
});
