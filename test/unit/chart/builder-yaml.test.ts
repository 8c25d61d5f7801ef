/** `config` of the chart's values, which becomes builder.yaml. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { parseSettings } from "../../../src/config/settings.ts";
import { fileKeysOf, settingNames } from "../../../src/config/table.ts";
import { chartDir, renderChart, requireObject, valuesWith } from "./render.ts";

test("config becomes a builder.yaml that the builder takes", async () => {
  const config = {
    harvestTimeout: "24h",
    deleteExisting: false,
    logLevel: null,
    gates: { minShare: 0.85, sentinels: ["1-1"] },
    jobLists: [1, 2],
    dns: [{ zone: "z", name: "prod.example.org.", service: "ingress" }],
  };
  const objects = await renderChart(await valuesWith({ config }));
  const { data } = requireObject(objects, "ConfigMap", "builder-config");
  const env = { DATA_CONFIG_PATH: "https://data.example.org/d.json", G_PROJECT: "p" };
  expect(parseSettings(env, (file) => data[path.basename(file)])).toMatchObject({
    harvest: { timeoutMs: 86_400_000 },
    deleteExisting: false,
    logLevel: "info",
    gate: { minShare: 0.85, sentinels: ["1-1"] },
    jobLists: ["1", "2"],
    mappings: config.dns,
  });
});

test("the chart knows the keys of builder.yaml by the builder's names", async () => {
  const { properties } = JSON.parse(await readFile(path.join(chartDir, "values.schema.json"), "utf8"));
  const known = Object.entries<{ properties?: object }>(properties.config.properties).flatMap(
    ([key, { properties: inner }]) =>
      inner ? Object.keys(inner).map((innerKey) => `${key}.${innerKey}`) : [key],
  );
  const secret = ["apiPassword", "notifyWebhookUrl"];
  const taken = settingNames.flatMap(fileKeysOf).filter((key) => !secret.includes(key));
  expect(known.sort()).toEqual([...taken, "dns"].sort());
});
