/** Charts from a registry, by means of helm. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { ConfigError, TransientError } from "../../errors.ts";
import type { HelmOptions } from "../helm/command.ts";
import { pullChart } from "../helm/pull.ts";
import { helmSays } from "../helm/template.ts";
import { judgeHttp } from "./reachable.ts";
import { bounded } from "./size.ts";
import { digestTree } from "./tree.ts";

/** A version as registries take it; DEPLOY_TAG's default `master` is none, and means the newest. */
const versionPattern = /^v?\d+(\.\d+){0,2}([-+][\w.+-]+)?$/;
const tagged = /(@sha256:[0-9a-f]{64}|:[\w][\w.+-]*)$/;

/** The version to ask for: none when the reference has one itself. */
export function wantedVersion(reference: string, deployTag: string): string | undefined {
  const repository = reference.slice(reference.lastIndexOf("/") + 1);
  return tagged.test(repository) || !versionPattern.test(deployTag) ? undefined : deployTag;
}

/** Registries on this machine speak plain HTTP, as for container engines. */
export function usesPlainHttp(reference: string): boolean {
  return /^oci:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?\//.test(reference);
}

/** Pulls into `dir`; gives the chart's folder and its digest. Throws ConfigError and TransientError. */
export async function fetchOci(
  helm: HelmOptions,
  { reference, deployTag }: { reference: string; deployTag: string },
  dir: string,
  signal: AbortSignal,
): Promise<{ chartDir: string; digest: string }> {
  const plainHttp = usesPlainHttp(reference);
  const version = wantedVersion(reference, deployTag);
  const result = await bounded(dir, signal, (inner) =>
    pullChart(helm, { reference, version, targetDir: dir, plainHttp }, inner),
  );
  if (result.exitCode !== 0) {
    const registry = `${plainHttp ? "http" : "https"}://${reference.slice("oci://".length).split("/")[0] ?? ""}/v2/`;
    // A registry that answers at its entrance is up: what failed was the chart's name, version or login.
    if ((await judgeHttp(registry, undefined, signal, "refuses")) === "away") {
      const details = result.stderrLines;
      throw new TransientError("the chart source", `${reference} can't be read right now`, { details });
    }
    throw new ConfigError([
      {
        where: "CHART_SOURCE",
        what: `${reference} can't be read: ${helmSays(result.stderrLines, { chartDir: dir })}; check its name, version and login`,
      },
    ]);
  }
  const folders = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const [folder] = folders;
  if (!folder)
    throw new ConfigError([{ where: "CHART_SOURCE", what: `${reference} holds no chart; name another` }]);
  const chartDir = path.join(dir, folder.name);
  return { chartDir, digest: await digestTree(chartDir) };
}
