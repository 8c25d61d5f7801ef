import { defineConfig } from "vitest/config";

/** Against the cluster that KUBECONFIG points at; one file at a time, for they share it. */
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
