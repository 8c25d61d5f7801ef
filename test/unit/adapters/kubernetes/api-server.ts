/** A server that answers as a test says, and kubeconfigs that lead to it. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Faults, showFault } from "../../../sandbox/faults.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

export interface ApiServer {
  url: string;
  faults: Faults;
  /** Whatever is asked for, unless a fault is shown. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Method, path and login of what was asked. */
  requests: string[];
  /** The connections that were used. */
  sockets: Set<unknown>;
  dir: string;
  /** Writes a kubeconfig; its context has the namespace `of-context`. */
  kubeconfig(user?: object, cluster?: object): Promise<string>;
  reset(): void;
  close(): Promise<void>;
}

export const json = (response: ServerResponse, body: object, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

/** Good for every kind of question: an object, an empty list, a version. */
const anything = {
  kind: "Anything",
  metadata: { name: "x", resourceVersion: "1" },
  items: [],
  gitVersion: "v1.36.0",
};

export async function startApiServer(): Promise<ApiServer> {
  const http = createServer((request, response) => {
    server.sockets.add(request.socket);
    server.requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const fault = server.faults.take({ method: request.method ?? "", path: pathname, query: searchParams });
    void showFault(fault, request, response).then((goesOn) => {
      if (goesOn) server.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const dir = await mkdtemp(path.join(tmpdir(), "api-server-"));
  let files = 0;
  const server: ApiServer = {
    url,
    dir,
    faults: new Faults(),
    answer: (_, response) => json(response, anything),
    requests: [],
    sockets: new Set(),
    // Without insecure-skip-tls-verify: client-node alone would refuse it.
    async kubeconfig(user = { token: "secret-token" }, cluster = { server: url }) {
      const config = {
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "of-context" } }],
        "current-context": "x",
      };
      const file = path.join(dir, `config-${(files += 1)}`);
      await writeFile(file, JSON.stringify(config));
      return file;
    },
    reset() {
      server.faults.clear();
      server.answer = (_, response) => json(response, anything);
      server.requests = [];
      server.sockets = new Set();
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await removeFolder(dir);
    },
  };
  return server;
}

export const failure = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
