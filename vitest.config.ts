import { defineConfig } from "vitest/config";

/** Three suites: what runs anywhere (unit, contract, scenarios), and e2e, which needs KUBECONFIG. */
export default defineConfig({
  test: {
    include: ["test/{unit,contract,scenarios}/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Real processes on a shared machine: CI tries once more, and .ci/run names what passed only then.
    retry: process.env["CI"] === undefined ? 0 : 1,
  },
});
