/**
 * Brings one commit of a git repository, submodules included, into a folder. Git is started without prompts, without
 * settings of the machine, and with the login in a file that only the builder can read.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { didYouMean } from "../../domain/nearest.ts";
import { shownUrl } from "../../domain/shown-url.ts";
import { fileTrouble } from "../../domain/words.ts";
import { TransientError, type BuilderError } from "../../errors.ts";
import { pickEnvironment, runProgram } from "../process/run-program.ts";
import { gitStatus } from "./probe.ts";
import { mistake, type ChartOptions, type Credentials, type GitSource } from "./source.ts";
import { bounded } from "./tree.ts";

export const commitPattern = /^[0-9a-f]{40}$/;

const maxNames = 5;

/** A repository, and what it takes to run git on it. */
export type GitRemote = Awaited<ReturnType<typeof openRemote>>;

/** Makes git ready for one source. Throws ConfigError when a key or token file can't be read. */
export async function openRemote(
  { chart: { tokenFile, sshKeyFile }, helm: { workDir, env: own, redactor }, gitBin = "git" }: ChartOptions,
  { url, credentials: inUrl }: GitSource,
  signal: AbortSignal,
) {
  const home = path.join(workDir, "git");
  await mkdir(home, { recursive: true });
  // A token file wins over what the URL says; without a user name any will do for a token.
  const token = tokenFile && (await readSecret(tokenFile, "GIT_TOKEN_FILE")).trim();
  const { username = "x-access-token" } = inUrl ?? {};
  const credentials = token === undefined ? inUrl : { username, password: token };
  redactor?.add(credentials?.password ?? "");
  const key = sshKeyFile && (await readSecret(sshKeyFile, "GIT_SSH_KEY_FILE"));
  redactor?.add(key ?? "");
  const trace = path.join(home, "trace");
  await writeSettings(home, url, credentials);
  const env: Record<string, string> = {
    ...pickEnvironment(own, ["SSH_AUTH_SOCK", "GIT_SSL_CAINFO"]),
    // curl overlooks it in upper case.
    ...(own["HTTP_PROXY"] && { http_proxy: own["HTTP_PROXY"] }),
    HOME: home,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ALLOW_PROTOCOL: url.startsWith("file:") ? "file:https:http:ssh:git" : "https:http:ssh:git",
    GIT_SSH_COMMAND: await sshCommand(key, home),
    // What servers have answered; git leaves logins out of it.
    GIT_TRACE_CURL: trace,
    GIT_TRACE_CURL_NO_DATA: "1",
  };
  return { url, file: gitBin, env, cwd: workDir, signal, trace, redact: redactor?.redact };
}

/** Runs git to its end, whatever its exit code; `trace` is what went over HTTP meanwhile. */
async function runGit({ trace, url: _, ...remote }: GitRemote, ...args: string[]) {
  // A hundred thousand refs are 10 MB.
  const limits = { timeoutMs: 10 * 60_000, maxStdoutBytes: 16 * 1024 * 1024 };
  await rm(trace, { force: true });
  const result = await runProgram({ ...remote, args, ...limits, setting: "CHART_SOURCE" });
  return { ...result, trace: await readFile(trace, "utf8").catch(() => "") };
}

type GitResult = Awaited<ReturnType<typeof runGit>>;

/**
 * Git's settings and login as files of its home folder, which goes with the work folder: other programs of this user can
 * read arguments and environment of any process. The login is for the origin of the source alone: a submodule elsewhere,
 * or a redirect, must not get it.
 */
async function writeSettings(home: string, url: string, credentials: Credentials | undefined): Promise<void> {
  // A repository on this disk belongs to whom it belongs; nothing of it is run.
  let settings = `[core]\nhooksPath = /dev/null\n[advice]\ndetachedHead = false\n[safe]\ndirectory = *\n[transfer]\ncredentialsInUrl = die\n`;
  if (credentials && /^https?:/.test(url)) {
    const { origin } = new URL(url);
    const login = [credentials.username, credentials.password].map(encodeURIComponent).join(":");
    await writeOwn(path.join(home, ".git-credentials"), `${origin.replace("//", `//${login}@`)}\n`);
    settings += `[credential "${origin}"]\nhelper = store\n`;
  }
  await writeOwn(path.join(home, ".gitconfig"), settings);
}

async function sshCommand(key: string | undefined, home: string): Promise<string> {
  const ssh = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o StrictHostKeyChecking=accept-new";
  if (key === undefined) return ssh;
  // ssh wants a key that only its owner can read and that ends with a newline; a mounted Secret has neither.
  const copy = path.join(home, "ssh-key");
  await writeOwn(copy, key.endsWith("\n") ? key : `${key}\n`);
  // Git reads this setting as a shell does.
  return `${ssh} -o IdentitiesOnly=yes -i '${copy.replaceAll("'", String.raw`'\''`)}'`;
}

/** Writes a file that nobody else can read, also where there was another. */
export async function writeOwn(file: string, text: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, text, { mode: 0o600, flag: "wx" });
}

async function readSecret(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw mistake(`${file}: ${fileTrouble(error)}; mount the Secret there, or unset ${setting}`, setting);
  }
}

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
  const known = `it has ${names.slice(0, maxNames).join(", ")}${names.length > maxNames ? " …" : ""}`;
  return didYouMean(ref, names) ?? known;
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
    const named = await submoduleUrls(inside, "--file", ".gitmodules");
    const secret = named.map(shownUrl).find((shown) => !named.includes(shown));
    // It would be among the arguments of git's own children.
    if (secret !== undefined) throw mistake(`has a login in the URL of its submodule ${secret}; remove it`);
    const submodules = ["submodule", "--quiet", "update", "--init", "--recursive"];
    if ((await run(...submodules, "--depth", "1")).exitCode === 0) return;
    const whole = await run(...submodules);
    if (whole.exitCode !== 0) throw await submoduleTrouble(inside, whole);
  });
}

async function submoduleUrls(remote: GitRemote, ...file: string[]): Promise<string[]> {
  const urls = await runGit(remote, "config", ...file, "--get-regexp", String.raw`^submodule\..*\.url$`);
  return [...urls.stdout.matchAll(/^\S+ (.+)$/gm)].map(([, url = ""]) => url);
}

/** Of all submodules the first whose server refuses is to blame. */
async function submoduleTrouble(remote: GitRemote, result: GitResult): Promise<BuilderError> {
  const named = await submoduleUrls(remote);
  const found = await Promise.all(named.map((url) => unreadable(remote, url, result)));
  const refused = found.find((error) => !(error instanceof TransientError) || isRefusal(error.status));
  return refused ?? found[0] ?? unreadable(remote, remote.url, result);
}

/** git's words for an address that answers, and has no repository. */
const noRepository = /redirects followed|is this a git repository\?|invalid server response|bad line length/;
const isRefusal = (status: number | undefined) => status === 401 || status === 403 || status === 404;

/** The error for a repository that git could not read; git's exit code does not say why, what its server answered does. */
async function unreadable(
  remote: GitRemote,
  url: string,
  { killedBy, stderrLines, trace }: GitResult,
): Promise<BuilderError> {
  const what = `${url === remote.url ? "" : "submodule "}${shownUrl(url)} can't be read: ${reasonIn(stderrLines)}`;
  if (url.startsWith("file:") && killedBy === undefined) return mistake(`${what}; correct the path`);
  const answered = killedBy === undefined ? await gitStatus(url, trace) : undefined;
  const status = answered !== undefined && noRepository.test(what) ? 404 : answered;
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
