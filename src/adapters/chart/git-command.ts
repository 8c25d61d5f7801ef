/** How git is started: no prompts, no settings of the machine, the login in a file that only the builder can read. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileTrouble } from "../../domain/words.ts";
import { ConfigError } from "../../errors.ts";
import { pickEnvironment, type Environment } from "../process/environment.ts";
import { runProgram, type ProgramResult } from "../process/run-program.ts";
import type { Credentials } from "./source.ts";

export interface GitOptions {
  /** Name or path of git; `git` where nothing is said. */
  bin?: string | undefined;
  workDir: string;
  env: Environment;
  /** GIT_SSH_KEY_FILE. */
  sshKeyFile?: string | undefined;
  /** GIT_TOKEN_FILE. */
  tokenFile?: string | undefined;
}

export interface Git {
  /** Runs git to its end, whatever its exit code. */
  run(args: readonly string[], cwd: string, signal: AbortSignal): Promise<ProgramResult>;
}

const timeoutMs = 10 * 60_000;

/** Git for one source, and the login it uses. Throws ConfigError when a key or token file can't be read. */
export async function prepareGit(
  options: GitOptions,
  url: string,
  inUrl: Credentials | undefined,
): Promise<{ git: Git; credentials: Credentials | undefined }> {
  const credentials = await findCredentials(options, inUrl);
  const env = {
    ...gitEnvironment(options, url, await keepLogin(options, url, credentials)),
    GIT_SSH_COMMAND: await sshCommand(options),
  };
  const file = options.bin ?? "git";
  const git: Git = {
    run: (args, cwd, signal) =>
      runProgram({ file, args, env, cwd, signal, timeoutMs, setting: "CHART_SOURCE" }),
  };
  return { git, credentials };
}

/**
 * The file that git takes the login from, in the format of its credential store: other programs of this user can read
 * arguments and environment of any process. It goes with the work folder.
 */
async function keepLogin(
  { workDir }: GitOptions,
  url: string,
  credentials: Credentials | undefined,
): Promise<string | undefined> {
  if (!credentials) return undefined;
  const file = path.join(workDir, "git", "login");
  const [username, password] = [credentials.username, credentials.password].map(encodeURIComponent);
  await mkdir(path.dirname(file), { recursive: true });
  await writeOwn(file, `${new URL(url).origin.replace("//", `//${username}:${password}@`)}\n`);
  return file;
}

/** The whole environment of git, but for the ssh command. */
export function gitEnvironment(
  options: Pick<GitOptions, "workDir" | "env">,
  url: string,
  loginFile: string | undefined,
): Record<string, string> {
  const local = url.startsWith("file:");
  const config: [string, string][] = [
    ["credential.helper", ""],
    ["core.hooksPath", "/dev/null"],
    ["advice.detachedHead", "false"],
    // A repository on this disk belongs to whom it belongs; nothing of it is run.
    ["safe.directory", "*"],
  ];
  // Only for the host of the source: a submodule elsewhere, or a redirect, must not get the login.
  if (loginFile !== undefined)
    config.push([`credential.${new URL(url).origin}.helper`, `store --file=${quoted(loginFile)}`]);
  return {
    ...pickEnvironment(options.env, ["SSH_AUTH_SOCK", "GIT_SSL_CAINFO"]),
    HOME: path.join(options.workDir, "git"),
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ALLOW_PROTOCOL: local ? "file:https:http:ssh:git" : "https:http:ssh:git",
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/** A token file wins over what the URL says; without a user name any will do for a token. */
async function findCredentials(
  { tokenFile }: GitOptions,
  inUrl: Credentials | undefined,
): Promise<Credentials | undefined> {
  if (tokenFile !== undefined) {
    const token = (await readSecret(tokenFile, "GIT_TOKEN_FILE")).trim();
    return { username: inUrl?.username ?? "x-access-token", password: token };
  }
  // `https://TOKEN@host` has it as the user name; hosts that know tokens take it as either.
  if (inUrl?.password === "") return { username: inUrl.username, password: inUrl.username };
  return inUrl;
}

async function sshCommand({ sshKeyFile, workDir }: GitOptions): Promise<string> {
  const ssh = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o StrictHostKeyChecking=accept-new";
  await mkdir(path.join(workDir, "git"), { recursive: true });
  if (sshKeyFile === undefined) return ssh;
  // ssh wants a key that only its owner can read and that ends with a newline; a mounted Secret has neither.
  const copy = path.join(workDir, "git", "ssh-key");
  const key = await readSecret(sshKeyFile, "GIT_SSH_KEY_FILE");
  await writeOwn(copy, key.endsWith("\n") ? key : `${key}\n`);
  return `${ssh} -o IdentitiesOnly=yes -i ${quoted(copy)}`;
}

/** Writes a file that nobody else can read, also where there was another. */
async function writeOwn(file: string, text: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, text, { mode: 0o600, flag: "wx" });
}

/** A path as one word, for git, which reads these two settings as a shell does. */
function quoted(file: string): string {
  return `'${file.replaceAll("'", String.raw`'\''`)}'`;
}

async function readSecret(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const what = `${file}: ${fileTrouble(error)}; mount the Secret there, or unset ${setting}`;
    throw new ConfigError([{ where: setting, what }]);
  }
}
