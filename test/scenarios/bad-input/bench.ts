/** Runs one case of bad input through the program's own adapters, and tells what it said and touched. */
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { runProgram } from "../../../src/cli/program.ts";
import { exitCodeOf } from "../../../src/errors.ts";
import { errorLines } from "../../../src/print-error.ts";
import { createRedactor } from "../../../src/redaction.ts";
import type { EmbeddedWorld } from "../../sandbox/embedded-world.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

export type Env = Record<string, string>;

/** What a case may prepare. */
export interface Place {
  world: EmbeddedWorld;
  /** A folder of this case alone. */
  dir: string;
  /** Writes a file there; gives its path. */
  file: (name: string, content: string | Uint8Array) => Promise<string>;
  /** A copy of the release chart as CHART_SOURCE, changed; `at` gives a path inside of the chart. */
  chart: (change: (at: (name: string) => string) => Promise<unknown>) => Promise<Env>;
  /** Replaces text in a file. */
  edit: (file: string, from: string | RegExp, to: string) => Promise<void>;
  /** dns-mappings.yaml, builder.yaml, the secrets file, and the data configuration, as settings. */
  mappings: (text: string) => Promise<Env>;
  builderYaml: (text: string | Uint8Array) => Promise<Env>;
  secrets: (text: string | Uint8Array) => Promise<Env>;
  data: (content: Uint8Array | string | object) => Env;
  /** Puts back what a case did to the world. */
  atTheEnd: (act: () => void) => void;
}

export interface BadInput {
  name: string;
  given: (place: Place) => Env | Promise<Env>;
  /** 2 unless told otherwise. */
  code?: 1 | 2 | 75;
  /** The code of `run`, where that is another. */
  codeOfRun?: 75;
  /** Every problem: where, and a part of what is said; or a part of the one message of another code. */
  says: readonly (readonly [where: string, what: string])[] | string;
}

/** The one problem of a case. */
export const problem = (where: string, what: string): BadInput["says"] => [[where, what]];

/** A case that is made of settings alone. */
export const withSettings = (name: string, values: Env, says: BadInput["says"]): BadInput => ({
  name,
  given: () => values,
  says,
});

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
  /** What was thrown. */
  error: unknown;
}

/**
 * A verb in this process, on the adapters of the program. The chart is a folder unless `env` says otherwise: a clone is nine
 * processes, which costs more than all else that is checked.
 */
export async function runVerb(world: EmbeddedWorld, argv: readonly string[], env: Env): Promise<Said> {
  const said: Said = { code: 0, stdout: "", stderr: "", error: undefined };
  const redactor = createRedactor();
  try {
    const { code } = await runProgram({
      argv,
      env: world.env({
        CHART_SOURCE: path.dirname(world.chart.dir),
        ...{ LOG_LEVEL: "trace", RETRY_TIMEOUT: "300ms", POD_NAME: "builder-1", ...env },
      }),
      signal: new AbortController().signal,
      stdout: (text) => (said.stdout += text),
      stderr: (text) => (said.stderr += redactor.redact(text)),
      color: false,
      version: "0.0.0-test",
      redactor,
    });
    said.code = code;
  } catch (error) {
    said.code = exitCodeOf(error);
    said.error = error;
    said.stderr += redactor.redact(`${errorLines(error).join("\n")}\n`);
  }
  return said;
}

let cases = 0;

/** A place for one case, gone afterwards. */
export async function inPlace<T>(world: EmbeddedWorld, work: (place: Place) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(world.dir, "case-"));
  cases += 1;
  const served = `case-${cases}.json`;
  const acts = [() => world.files.remove(served)];
  const file: Place["file"] = async (name, content) => {
    const at = path.join(dir, name);
    await mkdir(path.dirname(at), { recursive: true });
    await writeFile(at, content);
    return at;
  };
  try {
    return await work({
      world,
      dir,
      file,
      async chart(change) {
        await cp(world.chart.dir, path.join(dir, "source/powo"), { recursive: true });
        await change((name) => path.join(dir, "source/powo", name));
        return { CHART_SOURCE: path.join(dir, "source") };
      },
      edit: async (name, from, to) => writeFile(name, (await readFile(name, "utf8")).replace(from, to)),
      mappings: async (text) => ({ DNS_MAPPINGS_FILE: await file("dns-mappings.yaml", text) }),
      builderYaml: async (text) => ({ BUILDER_CONFIG: await file("builder.yaml", text) }),
      secrets: async (text) => ({ SECRETS_FILE: await file("secrets.yaml", text) }),
      data: (content) => ({ DATA_CONFIG_PATH: world.files.serve(served, content) }),
      atTheEnd: (act) => void acts.push(act),
    });
  } finally {
    world.dns.faults.clear();
    world.files.faults.clear();
    world.kubernetes?.faults.clear();
    world.kubernetes?.deny(() => false);
    for (const act of acts) act();
    await removeFolder(dir);
  }
}

/** Everything but the builder's own Lease, ConfigMap and Events, with the revision of each; DNS and harvesters' effects. */
export function touchable(world: EmbeddedWorld): string[] {
  const { kubernetes, environment, builderNamespace, zone, databases } = world;
  const own = (kind: string) =>
    kind === "ConfigMap" || kind === "Lease" ? `powo-builder-${environment}` : "";
  const kinds = ["Namespace", "Secret", "ConfigMap", "Service", "Pod", "Deployment", "PersistentVolumeClaim"];
  const objects = [...kinds, "Lease", "RoleBinding"].flatMap((kind) =>
    (kubernetes?.store.list(kind) ?? [])
      .filter(({ metadata }) => !(metadata.namespace === builderNamespace && metadata.name === own(kind)))
      .map(
        ({ metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name} ${metadata.resourceVersion}`,
      ),
  );
  const effects = databases.map(({ namespace, model }) => `${namespace}: ${model.effects.length} effects`);
  return [...objects, ...effects, `${zone.changes.length} changes`, JSON.stringify(zone.records())];
}
