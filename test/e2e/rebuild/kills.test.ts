/** Rebuilds with production's data on the cluster of KUBECONFIG: undisturbed, killed at five places, killed at all. */
import { describe } from "vitest";
import { useWorld } from "../../scenarios/program/bench.ts";
import { describeKills, describeManyKills } from "../../scenarios/program/kill-and-resume.ts";
import { describeOrdinaryRelease } from "../../scenarios/program/ordinary-release.ts";
import { kubeconfig, newEnvironment, productionData } from "./real-cluster.ts";

const [production, ...others] = await productionData();

describe(`week after week with ${production.name}`, () => {
  const bench = useWorld({ kubeconfig, environment: newEnvironment("weekly"), data: production.data });
  describeKills(bench);
  describeOrdinaryRelease(bench);
});

describe.each(others)("with $name", ({ data }) => {
  describeManyKills(useWorld({ kubeconfig, environment: newEnvironment("many"), data }));
});
