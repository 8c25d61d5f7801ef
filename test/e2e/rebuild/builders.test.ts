/** Builders that meet, runs that fail, and a control plane that goes away, on the cluster of KUBECONFIG. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { jobsStarted, useWorld } from "../../scenarios/program/bench.ts";
import { expectGoodEnd } from "../../scenarios/program/kill-and-resume.ts";
import { describeTwoBuilders, slowJobs } from "../../scenarios/program/two-builders.ts";
import { describeFailedBuild, describeMistakes } from "../../scenarios/program/what-goes-wrong.ts";
import { findClusterTool, kubeconfig, newEnvironment } from "./real-cluster.ts";

describe("two builders on a real cluster", () => {
  describeTwoBuilders(useWorld({ kubeconfig, environment: newEnvironment("two"), ...slowJobs }));
});

describe("what goes wrong on a real cluster", () => {
  const bench = useWorld({ kubeconfig, environment: newEnvironment("wrong") });
  describeMistakes(bench);
  describeFailedBuild(bench, "crash-loop");
});

const tool = await findClusterTool();

describe.skipIf(!tool)("the API server", () => {
  const bench = useWorld({ kubeconfig, environment: newEnvironment("away"), ...slowJobs });

  it("may be away for 20 s in mid-harvest: nothing is started again, and the run goes on", async () => {
    const builder = bench().startBuilder("run");
    await bench().until("the harvest", () => bench().databases.length > 1 && jobsStarted(bench()) > 5);
    await tool?.("kill", "kube-apiserver");
    try {
      await sleep(20_000);
      expect(builder.hasEnded(), builder.output()).toBe(false);
    } finally {
      await tool?.("start", "kube-apiserver");
    }
    expect(await builder.exit, builder.output()).toBe(0);
    await expectGoodEnd(bench());
  });
});
