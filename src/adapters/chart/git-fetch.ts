/** Brings one commit of a repository, submodules included, into a folder. */
import { mkdir } from "node:fs/promises";
import { ConfigError, TransientError } from "../../errors.ts";
import { judgeGitServer } from "./reachable.ts";
import { checkAccess, gitSays, shownSource, type GitRemote } from "./git-refs.ts";
import { bounded } from "./size.ts";

/** Fetches exactly `commit` into `dir`. Throws ConfigError (no such commit, too large) and TransientError. */
export async function fetchCommit(
  remote: GitRemote,
  { commit, ref }: { commit: string; ref: string },
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await bounded(dir, signal, async (inner) => {
    await requireSuccess(remote, dir, ["init", "--quiet"], inner);
    // Submodules with relative URLs are looked up beside `origin`.
    await requireSuccess(remote, dir, ["remote", "add", "origin", "--", remote.url], inner);
    await bringCommit(remote, { commit, ref }, dir, inner);
    await requireSuccess(remote, dir, ["checkout", "--quiet", "--detach", commit], inner);
    await bringSubmodules(remote, dir, inner);
  });
}

/**
 * The cheapest way first. A server may refuse to give a commit by its hash, and a branch may have moved on since; then
 * everything is fetched.
 */
async function bringCommit(
  remote: GitRemote,
  { commit, ref }: { commit: string; ref: string },
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
  const everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const ways = [
    [...fetch, "--depth", "1", "origin", commit],
    [...fetch, "--depth", "1", "origin", `refs/heads/${ref}`],
    [...fetch, "--depth", "1", "origin", `refs/tags/${ref}`],
  ];
  for (const way of ways) {
    await remote.git.run(way, dir, signal);
    if (await hasCommit(remote, commit, dir, signal)) return;
  }
  const shallow = (await remote.git.run(["rev-parse", "--is-shallow-repository"], dir, signal)).stdout;
  const depth = shallow.trim() === "true" ? ["--unshallow"] : [];
  await requireSuccess(remote, dir, [...fetch, ...depth, "origin", ...everything], signal);
  if (await hasCommit(remote, commit, dir, signal)) return;
  throw new ConfigError([
    {
      where: "CHART_SOURCE",
      what: `${shownSource(remote.url)} has no commit ${commit} (any more); name one that it has`,
    },
  ]);
}

async function hasCommit(
  remote: GitRemote,
  commit: string,
  dir: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { exitCode } = await remote.git.run(["cat-file", "-e", `${commit}^{commit}`], dir, signal);
  return exitCode === 0;
}

async function bringSubmodules(remote: GitRemote, dir: string, signal: AbortSignal): Promise<void> {
  const update = ["submodule", "--quiet", "update", "--init", "--recursive"];
  const shallow = await remote.git.run([...update, "--depth", "1"], dir, signal);
  if (shallow.exitCode === 0) return;
  const full = await remote.git.run(update, dir, signal);
  if (full.exitCode === 0) return;
  const urls = await remote.git.run(
    ["config", "--get-regexp", String.raw`^submodule\..*\.url$`],
    dir,
    signal,
  );
  for (const line of urls.stdout.split("\n").filter((text) => text !== "")) {
    const url = line.slice(line.indexOf(" ") + 1);
    if ((await judgeGitServer(url, remote.credentials, signal)) === "away") continue;
    throw new ConfigError([
      {
        where: "CHART_SOURCE",
        what: `submodule ${shownSource(url)} can't be read: ${gitSays(full.stderrLines)}; ${checkAccess}`,
      },
    ]);
  }
  throw outage(remote, full.stderrLines);
}

/** The repository has answered a moment ago, so a step that fails now is an outage. */
async function requireSuccess(
  remote: GitRemote,
  dir: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const result = await remote.git.run(args, dir, signal);
  if (result.exitCode !== 0) throw outage(remote, result.stderrLines);
}

function outage(remote: GitRemote, details: readonly string[]): TransientError {
  return new TransientError("the chart source", `${shownSource(remote.url)} stopped answering`, { details });
}
