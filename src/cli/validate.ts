/** `validate`: everything that can be checked without touching anything, all problems at once. */
import { ConfigError, exitCodes } from "../errors.ts";
import { readOnlyPorts } from "../rebuild/guards.ts";
import { runChecks } from "../steps/preflight/checks.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { options, signal, stdout } = context;
  const json = options["output"] === "json";
  const { world, dispose } = await openWorld(context, "all");
  try {
    const ports = readOnlyPorts(world, signal);
    const surroundings = { clock: world.clock, log: world.log("validate"), signal };
    const { problems, refusal, findings } = await runChecks(ports, world.settings, surroundings);
    if (json)
      stdout(
        `${JSON.stringify({ problems, warnings: findings?.warnings ?? [], checks: findings?.checks ?? 0 }, null, 2)}\n`,
      );
    if (problems.length > 0) throw new ConfigError(problems);
    if (refusal) throw refusal;
    if (!json && findings) {
      for (const warning of findings.warnings) stdout(`warning: ${warning}\n`);
      stdout(
        `${findings.checks} checks passed: configuration, credentials, permissions, zones, chart and data are in order\n`,
      );
    }
    return exitCodes.done;
  } finally {
    dispose();
  }
};
