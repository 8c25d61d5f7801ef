/** Brings one commit of a git repository, submodules included, into a folder. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { nearest } from "../../domain/nearest.ts";
import { shownUrl } from "../../domain/shown-url.ts";
import { TransientError, type BuilderError } from "../../errors.ts";
import type { ProgramResult } from "../process/run-program.ts";
import { runGit, type GitRemote } from "./git-command.ts";
import { gitStatus } from "./probe.ts";
import { mistake } from "./source.ts";
import { bounded } from "./tree.ts";

export const commitPattern = /^[0-9a-f]{40}$/;

const maxNames = 5;

/**
 * The commit of a branch or tag; a branch wins, as with `git clone --branch`, and a full hash is itself. It asks the
 * server in any case, which proves the login. Throws ConfigError when there is no such ref, TransientError when the
 * repository can't be read.
 */
export async function resolveRef(remote: GitRemote, ref: string): Promise<string> {
  const result = await runGit(remote, "ls-remote", "--quiet", "--heads", "--tags", "--", remote.url);
  if (result.exitCode !== 0) throw await unreadable(remote, remote.url, result);
  if (commitPattern.test(ref)) return ref;
  const lines = [...result.stdout.matchAll(/^([0-9a-f]{40})\trefs\/(.+)$/gm)];
  const refs = new Map(lines.map(([, commit = "", name = ""]) => [name, commit]));
  const commit = refs.get(`heads/${ref}`) ?? refs.get(`tags/${ref}^{}`) ?? refs.get(`tags/${ref}`);
  if (commit !== undefined) return commit;
  const names = [...refs.keys()].map((name) => name.replace(/^(heads|tags)\/|\^\{\}$/g, ""));
  const what = `${shownUrl(remote.url)} has no branch or tag '${ref}'; ${whatThereIs(ref, [...new Set(names)])}`;
  throw mistake(what, "DEPLOY_TAG");
}

/** The name that was meant, or those that there are. */
function whatThereIs(ref: string, names: readonly string[]): string {
  if (names.length === 0) return "it has none at all: is CHART_SOURCE the right repository?";
  const meant = nearest(ref, names);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return `it has ${names.slice(0, maxNames).join(", ")}${names.length > maxNames ? " …" : ""}`;
}

/** Fetches exactly `commit` into `dir`. Throws ConfigError (no such commit, too large) and TransientError. */
export async function fetchCommit(remote: GitRemote, commit: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await bounded(dir, remote.signal, async (signal) => {
    const inside = { ...remote, cwd: dir, signal };
    const run = (...args: string[]) => runGit(inside, ...args);
    const require = async (...args: string[]) => {
      const result = await run(...args);
      if (result.exitCode !== 0) throw await unreadable(inside, remote.url, result);
    };
    await require("init", "--quiet");
    // Submodules with relative URLs are looked up beside `origin`.
    await require("remote", "add", "origin", "--", remote.url);
    const fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
    // A server may refuse to give a commit by its hash: then everything is fetched.
    if ((await run(...fetch, "--depth", "1", "origin", commit)).exitCode !== 0)
      await require(...fetch, "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
    if ((await run("cat-file", "-e", `${commit}^{commit}`)).exitCode !== 0)
      throw mistake(`${shownUrl(remote.url)} has no commit ${commit} (any more); name one that it has`);
    await require("checkout", "--quiet", "--detach", commit);
    const submodules = ["submodule", "--quiet", "update", "--init", "--recursive"];
    if ((await run(...submodules, "--depth", "1")).exitCode === 0) return;
    const whole = await run(...submodules);
    if (whole.exitCode !== 0) throw await submoduleTrouble(inside, whole);
  });
}

/** Of all submodules the first whose server refuses is to blame. */
async function submoduleTrouble(remote: GitRemote, result: ProgramResult): Promise<BuilderError> {
  const urls = await runGit(remote, "config", "--get-regexp", String.raw`^submodule\..*\.url$`);
  const named = [...urls.stdout.matchAll(/^\S+ (.+)$/gm)].map(([, url = ""]) => url);
  const found = await Promise.all(named.map((url) => unreadable(remote, url, result)));
  const refused = found.find((error) => !(error instanceof TransientError) || isRefusal(error.status));
  return refused ?? found[0] ?? unreadable(remote, remote.url, result);
}

const isRefusal = (status: number | undefined) => status === 401 || status === 403 || status === 404;

/** The error for a repository that git could not read; git's exit code does not say why, so the server is asked. */
async function unreadable(
  remote: GitRemote,
  url: string,
  { killedBy, stderrLines }: ProgramResult,
): Promise<BuilderError> {
  const what = `${url === remote.url ? "" : "submodule "}${shownUrl(url)} can't be read: ${reasonIn(stderrLines)}`;
  if (url.startsWith("file:") && !existsSync(URL.parse(url) ?? ""))
    return mistake(`${what}; correct the path`);
  const status = killedBy === undefined ? await gitStatus(url, remote) : undefined;
  return new TransientError("the chart source", what, {
    ...{ status, setting: "CHART_SOURCE" },
    hint: isRefusal(status) ? "check CHART_SOURCE and its login" : undefined,
    details: stderrLines,
  });
}

/** Why git has failed, in its own words: what follows the reason is advice for people at a terminal. */
function reasonIn(lines: readonly string[]): string {
  const reason = lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1);
  return reason?.replace(/^(fatal|error): /, "") ?? "git does not say why";
}
