/** `validate`: everything that can be checked without touching anything, all problems at once. */
import { runChecks } from "../actions/checks/index.ts";
import { ConfigError } from "../errors.ts";
import { readOnly } from "../pipeline/guard.ts";
import { taskOf, type World } from "../pipeline/world.ts";

export async function validate(world: World, signal: AbortSignal) {
  const task = taskOf(world, "validate", readOnly, { signal, refusals: "mistake" });
  const { problems, findings } = await runChecks(task);
  const { warnings = [], checks = 0 } = findings ?? {};
  const passed = `${checks} checks passed: configuration, credentials, permissions, zones, chart and data are in order`;
  return {
    document: { problems, warnings, checks },
    lines: [...warnings.map((warning) => `warning: ${warning}`), ...(findings ? [passed] : [])],
    /** All problems, where there are any. */
    error: problems.length > 0 ? new ConfigError(problems) : undefined,
  };
}
