/** Settings as a builder gets them: parsed by the program itself, so that a test speaks of variables as operators do. */
import { parseSettings, type Settings } from "../../src/config/settings.ts";
import type { Mapping } from "../../src/domain/dns-records.ts";

/** Parsed once for equal variables: properties start thousands of builders. */
const known = new Map<string, Settings>();

export function fakeSettings(
  environment: string,
  mappings: readonly Mapping[],
  variables: Record<string, string> = {},
): Settings {
  const env = {
    ENVIRONMENT: environment,
    DATA_CONFIG_PATH: "https://data.example/data.json",
    G_PROJECT: "example",
    API_PASSWORD: "hunter2",
    ...variables,
  };
  const files: Record<string, string> = { "/config/dns-mappings.yaml": JSON.stringify({ dns: mappings }) };
  const key = JSON.stringify([env, files]);
  const settings = known.get(key) ?? parseSettings(env, (file) => files[file]);
  known.set(key, settings);
  return settings;
}
