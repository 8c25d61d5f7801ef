/** What a run keeps of the error that it ends with. */
import { currentStep, type Failure } from "../domain/run.ts";
import { BuilderError, ConfigError, exitCodeOf, messageOf } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";

const maxDetails = 60;

export function failureOf({ state }: Run, error: unknown): Failure {
  const step = currentStep(state)?.name;
  const failed = { ...(step !== undefined && { step }), exitCode: exitCodeOf(error) };
  if (!(error instanceof BuilderError)) return { ...failed, code: "BUG", message: messageOf(error) };
  const problems = error instanceof ConfigError ? error.problems : [];
  const lines = [...problems.map(({ where, what }) => `${where}: ${what}`), ...error.details];
  const details = lines.slice(0, maxDetails);
  return {
    ...failed,
    code: error.code,
    message: error.summary,
    ...(details.length > 0 && { details }),
    ...(error.hint !== undefined && { hint: error.hint }),
  };
}
