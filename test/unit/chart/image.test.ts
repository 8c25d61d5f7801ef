/** Which image the chart's pods run. */
import { cp, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { requireBinaries } from "../../tools/binaries.ts";
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
  const directory = await mkdtemp(path.join(tmpdir(), "powo-published-"));
  await publish(directory, digest);
  const image = async (changes: Record<string, unknown>) => {
    const objects = await renderChart(await valuesWith(changes), { chart: path.join(directory, "chart") });
    return podOf(objects).spec.containers[0].image;
  };
  const given = `sha256:${"c".repeat(64)}`;
  expect(await image({})).toBe(`r.example.org/powo@${digest}`);
  expect(await image({ image: { repository: "mirror.example.org/b" } })).toBe(
    `mirror.example.org/b@${digest}`,
  );
  expect(await image({ image: { tag: "1.2.2" } })).toBe("r.example.org/powo:1.2.2");
  expect(await image({ builder: { tag: 20261122 } })).toBe("r.example.org/powo:20261122");
  expect(await image({ image: { tag: "1.2.2", digest: given } })).toBe(`r.example.org/powo@${given}`);
  await removeFolder(directory);
});

/** Makes of a copy of the chart what publish:chart packages, by the job's own words. */
async function publish(directory: string, digest: string): Promise<void> {
  await cp(chartDir, path.join(directory, "chart"), { recursive: true });
  const pipeline = await readFile(path.join(chartDir, "../.gitlab-ci.yml"), "utf8");
  const reference = { tag: "!reference", collection: "seq" as const, identify: () => false };
  const script = parse(pipeline, { customTags: [reference] })["publish:chart"].script as string[];
  const { dir } = await requireBinaries();
  const step = script.find((text) => text.includes("image-digest"))!;
  await execa("bash", ["-euo", "pipefail", "-c", step], {
    cwd: directory,
    env: {
      PATH: `${dir}:${process.env["PATH"]}`,
      CI_REGISTRY_IMAGE: "r.example.org/powo",
      IMAGE_DIGEST: digest,
    },
  });
}
