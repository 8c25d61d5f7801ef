/** The inputs from a git repository and from a local folder, data and secrets from where they usually are. */
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fetchChart } from "../../src/adapters/chart/index.ts";
import { fetchData } from "../../src/adapters/data/index.ts";
import { readSecretsFile } from "../../src/adapters/secrets-file.ts";
import type { Sources } from "../../src/ports/sources.ts";
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
  const options = {
    ...{ deployTag: "master", environment: "prod" },
    helm: { bin: helm, workDir: path.join(dir, "work"), env: process.env },
  };
  const sources = (source: string, url: string, file: string): Sources => {
    const chart = { source, path: "powo", sshKeyFile: undefined, tokenFile: undefined };
    return {
      fetchChart: (pinned, signal) => fetchChart({ ...options, chart }, pinned, signal),
      fetchData: (signal) => fetchData({ url, readTimeoutMs: 500 }, signal),
      readSecrets: () => readSecretsFile(path.join(dir, file)),
    };
  };
  return {
    sources: sources(place.source, files.serve("data.json", data), "secrets.yaml"),
    missing: sources(`${place.source}-missing`, files.urlOf("missing"), "missing.yaml"),
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
