/** The pipeline against GitLab's own schema, and its Docker-free jobs for real (gitlab-ci-local). */
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { removeFolder } from "../../tools/remove-folder.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const program = path.join(root, "node_modules/gitlab-ci-local/dist/index.js");
const reference = { tag: "!reference", collection: "seq" as const, identify: () => false };
const pipeline = await readFile(path.join(root, ".gitlab-ci.yml"), "utf8");
let directory: string;

/** gitlab-ci-local in a repository of its own, so that it leaves nothing in this one. */
const gitlab = (...args: string[]) =>
  execa(process.execPath, [program, ...args], { cwd: directory, reject: false, all: true });

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "powo-pipeline-"));
  for (const file of ["package.json", "package-lock.json"])
    await cp(path.join(root, file), path.join(directory, file));
  await execa("git", ["init", "--quiet", "--initial-branch=main", directory]);
  await execa("git", ["-C", directory, "remote", "add", "origin", "git@gitlab.example.org:powo/builder.git"]);
  await execa("git", ["-C", directory, "add", "-A"]);
  const author = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  await execa("git", ["-C", directory, ...author, "commit", "--quiet", "-m", "test"]);
});
afterAll(() => removeFolder(directory));

test("passes GitLab's schema, and a mistake does not", async () => {
  const file = path.join(directory, ".gitlab-ci.yml");
  await writeFile(file, pipeline.replace("stage: check", "stage: check\n  scripts: [x]"));
  expect((await gitlab("--list")).exitCode).not.toBe(0);
  await writeFile(file, pipeline);
  const { exitCode, all } = await gitlab("--list");
  expect(all).toContain("json schema validated");
  expect(exitCode).toBe(0);
});

test("runs lint → types → tests → chart → image → e2e → scan → publish", async () => {
  await writeFile(path.join(directory, ".gitlab-ci.yml"), pipeline);
  const { stdout } = await gitlab("--list-all");
  const order = [
    "lint",
    "typecheck",
    "test",
    "chart",
    "build-image",
    "e2e",
    "scan",
    "publish:image",
    "publish:chart",
    "release",
  ];
  const places = order.map((job) => stdout.search(new RegExp(`^${job} `, "m")));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual([...places].sort((one, other) => one - other));
});

test("a registry that names another digest than the one that was tested stops the release before it is signed", async () => {
  const script = (parse(pipeline, { customTags: [reference] })["publish:image"].script as string[]).join(
    "\n",
  );
  const run = async (digest: string) => {
    const asked = path.join(directory, `asked-${digest}`);
    const stub = `record() { echo "$*" >> "${asked}"; }
      docker() { record docker "$@"; case "$*" in *inspect*) echo "sha256:${digest}";; esac; }
      cosign() { record cosign "$@"; }`;
    const names = {
      CI_REGISTRY_IMAGE: "r.example.org/b",
      CANDIDATE: "r.example.org/b/candidate",
      TAG: "v1.2.3",
    };
    const env = { ...names, IMAGE_DIGEST: "sha256:tested" };
    const { exitCode } = await execa("bash", ["-euo", "pipefail", "-c", `signer=; ${stub}\n${script}`], {
      env,
      reject: false,
    });
    return { exitCode, asked: (await readFile(asked, "utf8")).trim().split("\n") };
  };
  const well = await run("tested");
  expect(well.exitCode).toBe(0);
  const given =
    "docker buildx imagetools create --tag r.example.org/b:1.2.3 r.example.org/b/candidate@sha256:tested";
  expect(well.asked[0]).toBe(given);
  const signed = well.asked.filter((line) => line.startsWith("cosign "));
  expect(signed.map((line) => line.split(" ").at(-1))).toEqual(
    Array(4).fill("r.example.org/b@sha256:tested"),
  );
  const other = await run("other");
  expect(other.exitCode).not.toBe(0);
  expect(other.asked.join()).not.toContain("cosign");
});

test("package, chart, changelog and tag say the same version", async () => {
  const read = (file: string) => readFile(path.join(root, file), "utf8");
  const { version } = JSON.parse(await read("package.json"));
  expect(parse(await read("chart/Chart.yaml"))).toMatchObject({ version, appVersion: version });
  expect(await read("CHANGELOG.md")).toContain(`\n## ${version}\n`);
  expect(process.env["CI_COMMIT_TAG"] ?? `v${version}`).toBe(`v${version}`);
});

test("the image's bases are pinned by digest and can be replaced", async () => {
  const dockerfile = await readFile(path.join(root, "Dockerfile"), "utf8");
  const images = [...dockerfile.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)].map((match) => match[1]);
  expect(images).toHaveLength(2);
  for (const image of images)
    expect(image).toMatch(/^docker\.io\/.+:\d+\.\d+\.\d+(-[\w-]+)?@sha256:[0-9a-f]{64}$/);
  const from = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
  expect(from).toEqual(["${HELM_STAGE:-${HELM_IMAGE}}", "${BASE_IMAGE}"]);
});
