import type { Mapping } from "../domain/dns-records.ts";
import { shownUrl } from "../domain/shown-url.ts";
import type { SettingValues } from "./settings-table.ts";
import type { Settings } from "./settings-type.ts";

/** The settings in the program's own words, from the values of the table. */
export function assemble(values: SettingValues, mappings: Mapping[]): Settings {
  return {
    environment: values.ENVIRONMENT,
    deployTag: values.DEPLOY_TAG,
    chart: {
      source: values.CHART_SOURCE,
      shownSource: shownUrl(values.CHART_SOURCE),
      path: values.CHART_PATH,
      sshKeyFile: values.GIT_SSH_KEY_FILE,
      tokenFile: values.GIT_TOKEN_FILE,
    },
    secretsFile: values.SECRETS_FILE,
    dataUrl: values.DATA_CONFIG_PATH,
    shownDataUrl: shownUrl(values.DATA_CONFIG_PATH),
    mappings,
    deleteExisting: values.DELETE_EXISTING,
    strict: values.STRICT_ERROR_CHECKING,
    harvester: {
      prefix: values.API_PREFIX,
      apiPath: values.API_URL,
      username: values.API_USERNAME,
      password: values.API_PASSWORD,
    },
    sitePrefix: values.SITE_PREFIX,
    jobLists: values.JOB_LIST,
    retryTimeoutMs: values.RETRY_TIMEOUT,
    podsTimeoutMs: values.PODS_TIMEOUT,
    harvest: assembleHarvest(values),
    dns: assembleDns(values),
    deleteTimeoutMs: values.DELETE_TIMEOUT,
    retainPreviousMs: values.RETAIN_PREVIOUS,
    keepFailedMs: values.KEEP_FAILED,
    approval: values.APPROVAL,
    approvalTimeoutMs: values.APPROVAL_TIMEOUT,
    gate: {
      minShare: values.GATE_MIN_SHARE,
      minShares: values.GATE_MIN_SHARES ?? {},
      sentinels: values.GATE_SENTINELS ?? [],
      ...(values.GATE_ACCEPT ? { accept: values.GATE_ACCEPT } : {}),
    },
    postSwapWatchMs: values.POST_SWAP_WATCH,
    metricsPort: values.METRICS_PORT,
    builderNamespace: values.BUILDER_NAMESPACE,
    podName: values.POD_NAME,
    jobName: values.JOB_NAME,
    serviceAccount: values.SERVICE_ACCOUNT,
    releaseRole: values.RELEASE_ROLE,
    leaseDurationMs: values.LEASE_DURATION,
    google: { credentialsFile: values.GOOGLE_APPLICATION_CREDENTIALS },
    notifyWebhookUrl: values.NOTIFY_WEBHOOK_URL,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    helmBin: values.HELM_BIN,
    kubeconfig: values.KUBECONFIG,
  };
}

function assembleHarvest(values: SettingValues): Settings["harvest"] {
  return {
    timeoutMs: values.HARVEST_TIMEOUT,
    pollIntervalMs: values.HARVEST_POLL_INTERVAL,
    stallTimeoutMs: values.HARVEST_STALL_TIMEOUT,
    jobRetries: values.HARVEST_JOB_RETRIES,
  };
}

function assembleDns(values: SettingValues): Settings["dns"] {
  const { DNS_SWAP_TTL: swapTtlMs } = values;
  return {
    project: values.G_PROJECT,
    endpoint: values.CLOUD_DNS_ENDPOINT,
    timeoutMs: values.DNS_TIMEOUT,
    pollIntervalMs: values.DNS_POLL_INTERVAL,
    drainTtls: values.DNS_DRAIN_TTLS,
    swapTtlSeconds: swapTtlMs === undefined ? undefined : Math.ceil(swapTtlMs / 1000),
  };
}
