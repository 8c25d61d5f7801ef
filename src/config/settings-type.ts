import type { Mapping } from "../domain/dns-records.ts";
import type { Approval } from "./approval.ts";

/** All that can be set, in the program's own words and units. */
export interface Settings {
  readonly environment: string;
  readonly deployTag: string;
  readonly chart: {
    readonly source: string;
    /** `source` without its credentials, for people. */
    readonly shownSource: string;
    readonly path: string;
    readonly sshKeyFile?: string | undefined;
    readonly tokenFile?: string | undefined;
  };
  readonly secretsFile: string;
  readonly dataUrl: string;
  /** `dataUrl` without its credentials and query, for people. */
  readonly shownDataUrl: string;
  readonly mappings: Mapping[];
  readonly deleteExisting: boolean;
  readonly strict: boolean;
  readonly harvester: {
    readonly prefix: string;
    readonly apiPath: string;
    readonly username: string;
    readonly password: string;
  };
  readonly sitePrefix: string;
  readonly jobLists: string[];
  readonly retryTimeoutMs: number;
  readonly podsTimeoutMs: number;
  readonly harvest: {
    readonly timeoutMs: number;
    readonly pollIntervalMs: number;
    readonly stallTimeoutMs: number;
    readonly jobRetries: number;
  };
  readonly dns: {
    readonly project: string;
    readonly endpoint?: string | undefined;
    readonly timeoutMs: number;
    readonly pollIntervalMs: number;
    readonly drainTtls: number;
    readonly swapTtlSeconds?: number | undefined;
  };
  readonly deleteTimeoutMs: number;
  readonly retainPreviousMs: number;
  readonly keepFailedMs: number;
  readonly approval: Approval;
  readonly approvalTimeoutMs: number;
  readonly gate: {
    readonly minShare: number;
    /** By key of taxonKinds, where it is another share. */
    readonly minShares: Readonly<Record<string, number>>;
    readonly sentinels: string[];
    /** The rejected run whose counts are accepted for the next, and why. */
    readonly accept?: { readonly runId: string; readonly reason: string };
  };
  readonly postSwapWatchMs: number;
  readonly metricsPort?: number | undefined;
  readonly builderNamespace?: string | undefined;
  readonly podName?: string | undefined;
  readonly jobName?: string | undefined;
  readonly serviceAccount?: string | undefined;
  readonly releaseRole?: string | undefined;
  readonly leaseDurationMs: number;
  readonly google: { readonly credentialsFile?: string | undefined };
  readonly notifyWebhookUrl?: string | undefined;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error";
  readonly logFormat: "pretty" | "json";
  readonly helmBin: string;
  readonly kubeconfig?: string | undefined;
}
