/** Where the inputs come from: chart, data configuration, secrets file. */

export interface Chart {
  /** Folder of the chart on this machine. */
  dir: string;
  name: string;
  version: string;
  /** Git commit (40 hex digits), or `sha256:…` of a folder or OCI artifact: pins what was fetched. */
  commit: string;
  /** Values files beside values.yaml: the environment's where it exists. Absolute paths. */
  environmentValues: string | undefined;
  /** sha256 over values.yaml and the environment's values. */
  valuesDigest: string;
}

export interface Sources {
  /**
   * Fetches the chart at the configured ref, or exactly at `commit`.
   * Throws ConfigError for what can't be right (no such ref, no chart there), TransientError for a source that is away or
   * refuses.
   */
  fetchChart(commit: string | undefined, signal: AbortSignal): Promise<Chart>;
  /** Fetches the data configuration. Throws ConfigError (redirect loop, too large), TransientError for any other answer. */
  fetchData(signal: AbortSignal): Promise<{ bytes: Uint8Array; sha256: string }>;
  /** Path, digest and parsed content of the secrets file. Throws ConfigError. */
  readSecrets(): Promise<{ file: string; sha256: string; values: Record<string, unknown> }>;
}
