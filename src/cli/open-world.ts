import { existsSync, readFileSync } from "node:fs";
import { type Composed, compose } from "../compose.ts";
import { parseSettings, type ParseOptions, type Settings } from "../config/settings.ts";
import type { VerbContext } from "./verb.ts";

/** The world of a verb, from environment and files. Throws ConfigError with all problems. */
export function openWorld(context: VerbContext, need: NonNullable<ParseOptions["need"]>): Promise<Composed> {
  const { env, version, log, redactor } = context;
  return compose({ settings: settingsOf(context, need), env, version, ...log, redactor });
}

/** The settings alone. Throws ConfigError with all problems. */
export function settingsOf({ env }: VerbContext, need: NonNullable<ParseOptions["need"]>): Settings {
  return parseSettings(env, (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined), { need });
}
