/** What kind of thing CHART_SOURCE names, and the credentials inside it. */
import { existsSync } from "node:fs";
import path from "node:path";
import { unescape } from "node:querystring";
import { pathToFileURL } from "node:url";
import type { Settings } from "../../config/settings.ts";
import { ConfigError } from "../../errors.ts";
import type { HelmOptions } from "../helm/command.ts";

export interface ChartOptions extends Pick<Settings, "deployTag" | "environment" | "chart"> {
  /** Its work folder is the builder's alone: fetched charts are the `chart-…` folders there. */
  helm: HelmOptions;
  /** Name or path of git; `git` where nothing is said. */
  gitBin?: string;
  /** The longest time until the chart is there; 15 minutes where nothing is said. */
  totalMs?: number;
}

export interface Credentials {
  username: string;
  password: string;
}

export interface GitSource {
  kind: "git";
  /** Without credentials. */
  url: string;
  credentials: Credentials | undefined;
}

export interface OciSource extends Pick<GitSource, "credentials"> {
  kind: "oci";
  reference: string;
}

export type ChartSource = GitSource | OciSource | { kind: "folder"; dir: string };

/** `user@host:path`, as ssh and scp write it. Two colons would be one of git's transport helpers, which run commands. */
const scpLike = /^(?:[\w.-]+@)?(?:[\w.-]+|\[[\da-f:]+\]):(?![:/]).+$/i;

export function mistake(what: string, where = "CHART_SOURCE"): ConfigError {
  return new ConfigError([{ where, what }]);
}

/**
 * Tells git URL, local folder and registry apart; credentials are taken out of the URL, so that it can be an argument.
 * Throws ConfigError for anything else, and for credentials that would go unused.
 */
export function parseChartSource(text: string): ChartSource {
  if (text.startsWith("oci://")) return ociSource(text);
  if (/^((git\+)?(https?|ssh)|git|file):\/\//.test(text)) return gitSource(text.replace(/^git\+/, ""));
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text) || text.includes("::"))
    throw mistake(
      "is neither a git URL, a folder, nor oci://; write https://, ssh:// or oci://, or a folder",
    );
  const dir = path.resolve(text);
  if (["HEAD", "objects", "refs"].every((name) => existsSync(path.join(dir, name))))
    return { kind: "git", url: pathToFileURL(dir).href, credentials: undefined };
  if (existsSync(dir)) return { kind: "folder", dir };
  if (/^[^@]*:[^@]*@/.test(text))
    throw mistake("holds a password, which ssh ignores; write user@host:path and set GIT_SSH_KEY_FILE");
  if (scpLike.test(text)) return { kind: "git", url: text, credentials: undefined };
  return { kind: "folder", dir };
}

function gitSource(text: string): GitSource {
  const url = URL.parse(text);
  if (!url) throw mistake("is not a URL; check the host name and port");
  const { username, password, protocol } = url;
  if (url.search !== "")
    throw mistake("has a query, which `ps` would show; put a token before the @, or in GIT_TOKEN_FILE");
  // The user of ssh is part of the address.
  const isSsh = protocol === "ssh:";
  if (!protocol.startsWith("http") && (password !== "" || (username !== "" && !isSsh)))
    throw mistake(`holds a login, which ${protocol}// does not support; remove it, or write https://`);
  url.hash = "";
  url.password = "";
  if (!isSsh) url.username = "";
  return {
    kind: "git",
    url: url.href,
    credentials: isSsh ? undefined : loginOf(username, password),
  };
}

function ociSource(text: string): OciSource {
  const [, login, rest = ""] = /^oci:\/\/(?:([^/]*)@)?(.*)$/s.exec(text) ?? [];
  if (/[?#]/.test(rest)) throw mistake("has a query, which registries do not support; remove it");
  const [, username = "", password = ""] = /^([^:]*):?(.*)$/s.exec(login ?? "") ?? [];
  return { kind: "oci", reference: `oci://${rest}`, credentials: loginOf(username, password) };
}

/** A user name alone may be the token itself, which hosts take as either. */
function loginOf(username: string, password: string): Credentials | undefined {
  if (username === "" && password === "") return undefined;
  return { username: unescape(username), password: unescape(password || username) };
}
