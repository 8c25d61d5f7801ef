/** Asks a git server what it has: the first question, which also proves the login. */
import { ConfigError, TransientError } from "../../errors.ts";
import { nearest } from "../../domain/nearest.ts";
import { redactUrl } from "../http/redact-url.ts";
import type { Git } from "./git-command.ts";
import { judgeGitServer } from "./reachable.ts";
import type { Credentials } from "./source.ts";

export const commitPattern = /^[0-9a-f]{40}$/;

/** Exit code of `git ls-remote --exit-code` when nothing matches. */
const nothingMatches = 2;

const mostNames = 5;
export const checkAccess = "check the URL and its login";

/** Why git has failed, in its own words: what follows the reason is advice for people at a terminal. */
export function gitSays(lines: readonly string[]): string {
  const reason =
    lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? "git does not say why";
  return reason.replace(/^(fatal|error): /, "");
}

export interface GitRemote {
  git: Git;
  /** Without credentials. */
  url: string;
  credentials: Credentials | undefined;
  workDir: string;
}

/** The URL as it may be shown. */
export function shownSource(url: string): string {
  return URL.canParse(url) ? redactUrl(url) : url.replace(/^[^@]*@/, "");
}

/** Full names only: what is asked for is data, never taken for an option or a pattern. */
export function refNames(ref: string): string[] {
  return [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/tags/${ref}^{}`];
}

/**
 * The commit of a branch or tag (a branch wins, as with `git clone --branch`). Throws ConfigError when there is no
 * such ref or repository or the login is refused, TransientError for an outage.
 */
export async function resolveRef(remote: GitRemote, ref: string, signal: AbortSignal): Promise<string> {
  const refs = await listRefs(remote, ref, signal);
  const [branch, tag, peeled] = refNames(ref).map((name) => refs.get(name));
  const commit = branch ?? peeled ?? tag;
  if (commit === undefined) {
    const what = `${shownSource(remote.url)} has no branch or tag '${ref}'; ${await whatThereIs(remote, ref, signal)}`;
    throw new ConfigError([{ where: "DEPLOY_TAG", what }]);
  }
  return commit;
}

/** The name that was meant, or those that there are. */
async function whatThereIs(
  { git, url, workDir }: GitRemote,
  ref: string,
  signal: AbortSignal,
): Promise<string> {
  const { stdout } = await git.run(["ls-remote", "--quiet", "--refs", "--", url], workDir, signal);
  const names = [...stdout.matchAll(/\trefs\/(?:heads|tags)\/(.+)$/gm)].map(([, name = ""]) => name);
  if (names.length === 0) return "it has none at all: is CHART_SOURCE the right repository?";
  const meant = nearest(ref, names);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return `it has ${names.slice(0, mostNames).join(", ")}${names.length > mostNames ? " …" : ""}`;
}

/** Throws as resolveRef does when the repository can't be read at all. */
export async function requireRepository(remote: GitRemote, signal: AbortSignal): Promise<void> {
  await listRefs(remote, undefined, signal);
}

async function listRefs(
  { git, url, credentials, workDir }: GitRemote,
  ref: string | undefined,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const wanted = ref === undefined ? ["HEAD"] : refNames(ref);
  const args = ["ls-remote", "--quiet", "--exit-code", "--", url, ...wanted];
  const result = await git.run(args, workDir, signal);
  if (result.exitCode === nothingMatches) return new Map();
  if (result.exitCode === 0) {
    const lines = result.stdout.trim().split("\n");
    return new Map(lines.map((line) => line.split("\t")).map(([hash = "", name = ""]) => [name, hash]));
  }
  if (result.killedBy === undefined && (await judgeGitServer(url, credentials, signal)) === "refuses") {
    const what = `${shownSource(url)} can't be read: ${gitSays(result.stderrLines)}; ${checkAccess}`;
    throw new ConfigError([{ where: "CHART_SOURCE", what }]);
  }
  throw new TransientError("the chart source", `${shownSource(url)} can't be read right now`, {
    details: result.stderrLines,
  });
}
