/** Parses settings as a pod with the given variables and files would. */
import { ConfigError } from "../../../src/errors.ts";
import { type Need, parseSettings, type Settings } from "../../../src/config/settings.ts";

export const mappingsYaml = "dns:\n- {zone: z, name: prod.example.org., service: ingress}\n";
const good = { DATA_CONFIG_PATH: "https://data.example.org/data.json", G_PROJECT: "powo" };

type Files = Record<string, string | undefined>;
type Given = { env?: Record<string, string | undefined>; files?: Files; need?: Need };

/** The settings of a pod where everything required is there. */
export function read({ env = {}, files = {}, need }: Given = {}): Settings {
  const all: Files = { "/config/dns-mappings.yaml": mappingsYaml, ...files };
  return parseSettings({ ...good, ...env }, (path) => all[path], need);
}

/** The problems, one line each. */
export function problemsOf(given: Given): string[] {
  try {
    read(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ where, what }) => `${where}  ${what}`);
    throw error;
  }
  return [];
}
