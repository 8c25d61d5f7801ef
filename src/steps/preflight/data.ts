import type { Settings } from "../../config/settings.ts";
import { checkDataConfiguration } from "../../domain/data-configuration.ts";
import type { Ports } from "../../ports/index.ts";
import { summary } from "../load-data.ts";
import type { Check } from "./check.ts";

export interface CheckedDocument {
  bytes: Uint8Array;
  sha256: string;
  /** `48 organisations, 83 jobs, 1 list`. */
  summary: string;
}

/** Fetches the data configuration and checks its shape and references. */
export async function checkData(
  sources: Ports["sources"],
  settings: Settings,
  signal: AbortSignal,
): Promise<Check<CheckedDocument>> {
  const { bytes, sha256 } = await sources.fetchData(signal);
  const { data, problems, warnings } = checkDataConfiguration(bytes, "DATA_CONFIG_PATH", settings.jobLists);
  const result = data && { bytes, sha256, summary: summary(data) };
  return { result, problems, warnings, checked: 2 };
}
