/** Two environments in one cluster, and two releases that claim the same one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  chartDir,
  helmRun,
  makeBuilder,
  namespaceYaml,
  releaseLabels,
  untilPoliciesHold,
} from "./cluster.ts";

const [one, two] = [makeBuilder("one"), makeBuilder("two")];
/** Its name ends as that of the other's role does. */
const alike = makeBuilder("", `${one.environment}-release`);

beforeAll(async () => {
  for (const builder of [one, two, alike]) {
    await builder.install();
    await untilPoliciesHold(builder);
  }
});
afterAll(async () => {
  await alike.remove();
  await one.remove();
  await two.remove();
});

test("each builder makes and deletes its own releases, and is refused the other's", async () => {
  for (const [index, [mine, theirs]] of [
    [one, two] as const,
    [two, one] as const,
    [one, alike] as const,
    [alike, one] as const,
  ].entries()) {
    const name = `${mine.environment}-abcd${index}`;
    const yaml = namespaceYaml(name, releaseLabels(mine.environment));
    expect(await mine.kubectl(["create", "-f", "-"], yaml)).toMatchObject({ exitCode: 0 });
    expect((await theirs.kubectl(["delete", "namespace", name])).text).toMatch(
      /touches only namespaces named/,
    );
    expect((await theirs.kubectl(["create", "configmap", "x", "-n", name])).text).toMatch(/forbidden/);
    expect(await mine.kubectl(["delete", "namespace", name, "--wait=false"])).toMatchObject({ exitCode: 0 });
  }
});

test("a second release of the chart for the same environment is refused by Helm", async () => {
  const values = JSON.stringify({
    environment: one.environment,
    project: "p",
    dataConfig: "https://storage.example.org/data.json",
    password: { harvester: "x" },
  });
  const namespace = `second-${one.environment}`;
  const args = ["install", "second", chartDir, "-n", namespace, "--create-namespace", "-f", "-"];
  const { exitCode, text } = await helmRun(args, values);
  expect(exitCode).not.toBe(0);
  expect(text).toMatch(/exists and cannot be imported into the current release/);
});
