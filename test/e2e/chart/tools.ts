/** Programs and files that .ci/tools installs. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

const dir = process.env["POWO_CHART_TOOLS"] ?? path.join(homedir(), ".cache/powo-chart-tools");

/** The path of kubeconform, checkov or a CRD; throws where it is not installed, and says how to mend that. */
export function chartTool(name: string): string {
  const file = path.join(dir, name);
  if (!existsSync(file))
    throw new Error(`no ${name} in ${dir}; install what these tests need:  .ci/tools ${dir}`);
  return file;
}
