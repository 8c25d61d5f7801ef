/** Charts from a registry, by means of helm. */
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { TransientError } from "../../errors.ts";
import { runHelm } from "../helm/command.ts";
import { helmSays } from "../helm/manifests.ts";
import { httpStatus } from "./probe.ts";
import { writeOwn } from "./git.ts";
import { mistake, type ChartOptions, type OciSource } from "./source.ts";
import { bounded } from "./tree.ts";

const timeoutMs = 5 * 60_000;
/** A version as registries take it; DEPLOY_TAG's default `master` is none, and means the newest. */
const versionPattern = /^v?\d+(\.\d+){0,2}([-+][\w.+-]+)?$/;
const tagged = /(@sha256:[0-9a-f]{64}|:[\w][\w.+-]*)$/;

/** The version to ask for: none when the reference has one itself. */
export function wantedVersion(reference: string, deployTag: string): string | undefined {
  const repository = reference.slice(reference.lastIndexOf("/") + 1);
  return tagged.test(repository) || !versionPattern.test(deployTag) ? undefined : deployTag;
}

/** Pulls the chart; gives its folder. Throws ConfigError (no chart, too large) and TransientError. */
export async function pullChart(
  { helm, deployTag }: ChartOptions,
  { reference, credentials }: OciSource,
  signal: AbortSignal,
): Promise<string> {
  const [host = ""] = reference.slice("oci://".length).split("/");
  const dir = path.join(helm.workDir, "chart-oci");
  await mkdir(dir, { recursive: true });
  // Registries on this machine speak plain HTTP, as for container engines.
  const plainHttp = /^oci:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?\//.test(reference);
  const version = wantedVersion(reference, deployTag);
  const args = ["pull", reference, "--untar", "--untardir", dir];
  if (version !== undefined) args.push("--version", version);
  if (plainHttp) args.push("--plain-http");
  // For this registry alone, where no other program looks for logins.
  const login = path.join(helm.workDir, "registry.json");
  if (credentials) await writeOwn(login, JSON.stringify({ auths: { [host]: credentials } }));
  const env = { ...helm.env, ...(credentials && { HELM_REGISTRY_CONFIG: login }) };
  const { exitCode, stderrLines } = await bounded(dir, signal, (inner) =>
    runHelm({ ...helm, env }, { args, timeoutMs, offline: true, signal: inner }),
  );
  if (exitCode !== 0) {
    const status = await httpStatus(`${plainHttp ? "http" : "https"}://${host}/v2/`, signal);
    // A registry that answers at its entrance is up: what failed was the chart's name, version or login.
    const isUp = status !== undefined && status !== 429 && status < 500;
    const said = helmSays(stderrLines, { chartDir: dir });
    throw new TransientError("the chart source", `${reference} can't be read: ${said}`, {
      ...{ status: isUp ? 404 : status, setting: "CHART_SOURCE" },
      hint: isUp ? "check the name, version and login of CHART_SOURCE" : undefined,
    });
  }
  const folder = (await readdir(dir, { withFileTypes: true })).find((entry) => entry.isDirectory());
  if (!folder) throw mistake(`${reference} holds no chart; name another`);
  return path.join(dir, folder.name);
}
