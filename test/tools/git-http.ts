/** A git server over HTTP with a login, for the tests of private chart sources. */
import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface GitHttp {
  /** `http://127.0.0.1:PORT`; repositories are below, by their folder's name. */
  url: string;
  /** How often it was asked. */
  requests: number;
  /** The Authorization headers that came. */
  logins: string[];
  /** Answers everything with this status instead. */
  broken: number | undefined;
  /** So many POSTs are answered (git lists the refs with the first), the next ones drip for ever. */
  dripsAfter: number;
  /** Where it sends what it is asked, before or after it has seen the login. */
  redirect: string | undefined;
  redirects: "before-login" | "after-login";
  close(): Promise<void>;
}

/** Serves the bare repositories of a folder by `git http-backend`. */
export async function startGitHttp(root: string, login?: string): Promise<GitHttp> {
  const state: GitHttp = {
    url: "",
    requests: 0,
    logins: [],
    broken: undefined,
    dripsAfter: Infinity,
    redirect: undefined,
    redirects: "before-login",
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    state.requests += 1;
    if (authorization !== undefined) state.logins.push(authorization);
    if (state.broken !== undefined) return void response.writeHead(state.broken).end();
    const redirect = () =>
      void response.writeHead(302, { location: `${state.redirect ?? ""}${request.url ?? ""}` }).end();
    if (state.redirect !== undefined && state.redirects === "before-login") {
      redirect();
      return;
    }
    if (expected !== undefined && authorization !== expected) {
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    }
    if (request.method === "POST" && (state.dripsAfter -= 1) < 0) {
      response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
      // The first packet is said to hold 64 KiB.
      response.write("fff0");
      const drip = setInterval(() => response.write("x"), 20);
      return void response.on("close", () => clearInterval(drip));
    }
    if (state.redirect !== undefined) {
      redirect();
      return;
    }
    serve(root, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

/** One CGI call. */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://git");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: request.headers["content-length"],
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    const headers = answer.subarray(0, end).toString().split("\r\n");
    let status = 200;
    for (const header of headers) {
      const [name = "", value = ""] = header.split(/:\s*/, 2);
      if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status).end(answer.subarray(end + 4));
  });
}
