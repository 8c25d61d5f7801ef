/** How git is started: no prompts, no settings of the machine, the login in a file that only the builder can read. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileTrouble } from "../../domain/words.ts";
import { pickEnvironment, runProgram, type ProgramResult } from "../process/run-program.ts";
import { mistake, type ChartOptions, type Credentials, type GitSource } from "./source.ts";

/** A repository, and what it takes to run git on it. */
export type GitRemote = Awaited<ReturnType<typeof openRemote>>;

/** Makes git ready for one source. Throws ConfigError when a key or token file can't be read. */
export async function openRemote(
  { chart: { tokenFile, sshKeyFile }, helm: { workDir, env: own }, gitBin = "git" }: ChartOptions,
  { url, credentials: inUrl }: GitSource,
  signal: AbortSignal,
) {
  const home = path.join(workDir, "git");
  await mkdir(home, { recursive: true });
  const credentials = await findCredentials(tokenFile, inUrl);
  await writeSettings(home, url, credentials);
  const env: Record<string, string> = {
    ...pickEnvironment(own, ["SSH_AUTH_SOCK", "GIT_SSL_CAINFO"]),
    HOME: home,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ALLOW_PROTOCOL: url.startsWith("file:") ? "file:https:http:ssh:git" : "https:http:ssh:git",
    GIT_SSH_COMMAND: await sshCommand(sshKeyFile, home),
  };
  return { url, credentials, file: gitBin, env, cwd: workDir, signal };
}

/** Runs git to its end, whatever its exit code. */
export function runGit({ file, env, cwd, signal }: GitRemote, ...args: string[]): Promise<ProgramResult> {
  // A hundred thousand refs are 10 MB.
  const limits = { timeoutMs: 10 * 60_000, maxStdoutBytes: 16 * 1024 * 1024 };
  return runProgram({ file, args, env, cwd, signal, ...limits, setting: "CHART_SOURCE" });
}

/**
 * Git's settings and login as files of its home folder, which goes with the work folder: other programs of this user can
 * read arguments and environment of any process. The login is for the origin of the source alone: a submodule elsewhere,
 * or a redirect, must not get it.
 */
async function writeSettings(home: string, url: string, credentials: Credentials | undefined): Promise<void> {
  // A repository on this disk belongs to whom it belongs; nothing of it is run.
  let settings = `[core]\nhooksPath = /dev/null\n[advice]\ndetachedHead = false\n[safe]\ndirectory = *\n`;
  if (credentials && /^https?:/.test(url)) {
    const { origin } = new URL(url);
    const login = [credentials.username, credentials.password].map(encodeURIComponent).join(":");
    await writeOwn(path.join(home, ".git-credentials"), `${origin.replace("//", `//${login}@`)}\n`);
    settings += `[credential "${origin}"]\nhelper = store\n`;
  }
  await writeOwn(path.join(home, ".gitconfig"), settings);
}

/** A token file wins over what the URL says; without a user name any will do for a token. */
async function findCredentials(
  tokenFile: string | undefined,
  inUrl: Credentials | undefined,
): Promise<Credentials | undefined> {
  if (tokenFile !== undefined) {
    const token = (await readSecret(tokenFile, "GIT_TOKEN_FILE")).trim();
    return { username: inUrl?.username ?? "x-access-token", password: token };
  }
  // `https://TOKEN@host` has it as the user name; hosts that know tokens take it as either.
  return inUrl?.password === "" ? { username: inUrl.username, password: inUrl.username } : inUrl;
}

async function sshCommand(keyFile: string | undefined, home: string): Promise<string> {
  const ssh = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o StrictHostKeyChecking=accept-new";
  if (keyFile === undefined) return ssh;
  // ssh wants a key that only its owner can read and that ends with a newline; a mounted Secret has neither.
  const key = await readSecret(keyFile, "GIT_SSH_KEY_FILE");
  const copy = path.join(home, "ssh-key");
  await writeOwn(copy, key.endsWith("\n") ? key : `${key}\n`);
  // Git reads this setting as a shell does.
  return `${ssh} -o IdentitiesOnly=yes -i '${copy.replaceAll("'", String.raw`'\''`)}'`;
}

/** Writes a file that nobody else can read, also where there was another. */
async function writeOwn(file: string, text: string): Promise<void> {
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
