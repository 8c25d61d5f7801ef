/** The inputs from a git repository and from a local folder, data and secrets from where they usually are. */
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createSources, type SourcesOptions } from "../../src/adapters/sources.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { generateSecrets } from "../fixtures/secrets.ts";
import { startFiles } from "../sandbox/files.ts";
import { createInfrastructureRepository } from "../sandbox/git-repository.ts";
import { requireBinaries } from "../tools/binaries.ts";
import { describeSources, type SourcesWorld } from "./sources.ts";
import { removeFolder } from "../tools/remove-folder.ts";

const fixture = path.resolve(import.meta.dirname, "../fixtures/infrastructure");

interface Place {
  source: string;
  changeChart: () => Promise<string | undefined>;
  keepsHistory: boolean;
}

async function world(dir: string, place: Place): Promise<SourcesWorld> {
  const files = await startFiles();
  const data = Buffer.from(JSON.stringify(generateDataConfiguration({ jobs: 3 })));
  const secrets = generateSecrets().text;
  await writeFile(path.join(dir, "secrets.yaml"), secrets);
  const { helm } = await requireBinaries();
  const workDir = path.join(dir, "work");
  const chart = { chartPath: "powo", deployTag: "master", environment: "prod", workDir, env: process.env };
  const options = (source: string, url: string, file: string): SourcesOptions => ({
    chart: { ...chart, source, helm: { bin: helm, workDir, env: process.env } },
    data: { url, readTimeoutMs: 500 },
    secrets: { file },
  });
  return {
    sources: createSources(
      options(place.source, files.serve("data.json", data), path.join(dir, "secrets.yaml")),
    ),
    missing: createSources(
      options(`${place.source}-missing`, files.urlOf("missing"), path.join(dir, "missing.yaml")),
    ),
    changeChart: place.changeChart,
    keepsHistory: place.keepsHistory,
    data,
    secrets,
    showFault: (fault) => files.faults.add(() => true, fault, 1),
    async close() {
      await files.close();
      await removeFolder(dir);
    },
  };
}

let change = 0;

describeSources("a git repository", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "powo-sources-"));
  const repository = await createInfrastructureRepository(dir);
  return world(dir, {
    source: repository.url,
    changeChart: () => repository.setImage("portal", `portal:${(change += 1)}`, "prod"),
    keepsHistory: true,
  });
});

describeSources("a local folder", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "powo-sources-"));
  const source = path.join(dir, "infrastructure");
  await cp(fixture, source, { recursive: true });
  const values = path.join(source, "powo/values.yaml");
  return world(dir, {
    source,
    async changeChart() {
      await writeFile(values, `${await readFile(values, "utf8")}\n# ${(change += 1)}\n`);
      return undefined;
    },
    keepsHistory: false,
  });
});
