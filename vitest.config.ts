import { globSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { compileCache } from "./test/tools/built-program.ts";

// What processes compile of the packages is kept between them.
process.env["NODE_COMPILE_CACHE"] ??= compileCache;

/** The files that start programs last longest and wait much: first, so that the machine is not left idle at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      /scenarios.(program|google|secrets|bad-input|helm-faults)|sandbox\.test|browser/.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const files = globSync("test/{unit,contract,scenarios}/**/*.test.ts");
/** They replace modules, or what the whole process sends with, so each has a process of its own; the others share some. */
const replacing = files.filter((file) => /vi\.mock\(|"nock"/.test(readFileSync(file, "utf8")));

/** Three suites: what runs anywhere (unit, contract, scenarios), and e2e, which needs KUBECONFIG. */
export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "replacing", include: replacing } },
      {
        extends: true,
        test: {
          name: "sharing",
          include: files,
          exclude: replacing,
          isolate: false,
          setupFiles: ["test/tools/shared-process.ts"],
        },
      },
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One more than the processors of CI: some always wait for programs.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Real processes on a shared machine: CI tries once more, and .ci/run names what passed only then.
    retry: process.env["CI"] === undefined ? 0 : 1,
  },
});
