/** Which image the chart's pods run. */
import { appendFile, cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { removeFolder } from "../../tools/remove-folder.ts";
import { chartDir, podOf, renderChart, valuesWith } from "./render.ts";

test("image: tag, builder.tag and digest", async () => {
  const image = async (changes: Record<string, unknown>) =>
    podOf(await renderChart(await valuesWith(changes))).spec.containers[0].image;
  const digest = `sha256:${"a".repeat(64)}`;
  expect(await image({})).toBe("powo-builder:1.0.0");
  expect(await image({ builder: { tag: "2.0.0-2665885" } })).toBe("powo-builder:2.0.0-2665885");
  expect(await image({ builder: { tag: "old" }, image: { tag: "new" } })).toBe("powo-builder:new");
  expect(await image({ image: { repository: "r.example.org/b", digest } })).toBe(`r.example.org/b@${digest}`);
});

test("the published chart's own digest gives way to what somebody chose", async () => {
  const digest = `sha256:${"b".repeat(64)}`;
  const published = await mkdtemp(path.join(tmpdir(), "powo-published-"));
  await cp(chartDir, published, { recursive: true });
  const annotation = `annotations:\n  powo.kew.org/image-digest: ${digest}\n`;
  await appendFile(path.join(published, "Chart.yaml"), annotation);
  const image = async (changes: Record<string, unknown>) => {
    const objects = await renderChart(await valuesWith(changes), { chart: published });
    return podOf(objects).spec.containers[0].image;
  };
  const given = `sha256:${"c".repeat(64)}`;
  expect(await image({})).toBe(`powo-builder@${digest}`);
  expect(await image({ image: { repository: "mirror.example.org/b" } })).toBe(
    `mirror.example.org/b@${digest}`,
  );
  expect(await image({ image: { tag: "1.2.2" } })).toBe("powo-builder:1.2.2");
  expect(await image({ builder: { tag: 20261122 } })).toBe("powo-builder:20261122");
  expect(await image({ image: { tag: "1.2.2", digest: given } })).toBe(`powo-builder@${given}`);
  await removeFolder(published);
});
