/** Everything that words come from and go to, with secrets in it that all hold the word `canary`. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { compose } from "../../src/compose.ts";
import type { World } from "../../src/pipeline/world.ts";
import { createRedactor, type Redactor } from "../../src/redaction.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { read } from "./config/read.ts";

export const secret = `canary-1: "q'$%/\\@&#é <two  spaces> and canary after canary, so that it goes on and on and on`;
const pem = [
  "-----BEGIN KEY-----",
  "canaryMIIEvQIBADANBgkqhkiG",
  "canary9w0BAQEFAASCBKcwggSj",
  "-----END KEY-----",
];
export const numeric = 1423456;

const base64 = Buffer.from(`user:${secret}`).toString("base64");
const hex = Buffer.from(secret).toString("hex");
const json = JSON.stringify(secret).slice(1, -1);
const html = secret
  .replaceAll("&", "&amp;")
  .replaceAll("<", "&lt;")
  .replaceAll(">", "&gt;")
  .replaceAll("'", "&#39;");
export const spellings: Record<string, string> = {
  "as it is": secret,
  "in base64": base64,
  "in base64 that begins a byte later": Buffer.from(`user:x${secret}`).toString("base64"),
  "in base64 that begins two bytes later": Buffer.from(`user:xy${secret}`).toString("base64"),
  "in base64, wrapped": base64.replaceAll(/.{76}/g, "$&\n"),
  "in base64 for URLs": Buffer.from(secret).toString("base64url"),
  "in hex": hex,
  "in hex, upper case": hex.toUpperCase(),
  "percent-encoded": encodeURIComponent(secret),
  "percent-encoded byte by byte": hex.replaceAll(/../g, "%$&"),
  "in JSON": json,
  "in JSON within JSON": JSON.stringify(json).slice(1, -1),
  "in HTML": html.replaceAll('"', "&quot;"),
  "a key": pem.join("\n"),
  "a line of a key": pem[1] ?? "",
  "the body of a key": pem.slice(1, 3).join(""),
  "the token of the kubeconfig": "canary-token",
};

let dir: string;
export let world: World;
let dispose: () => void;
export let redactor: Redactor;
let server: Server;
/** What the pods, events, harvester and API server say, and bodies that were posted to them. */
export const outside = { said: "", posted: [] as string[] };

/** Kubernetes, the harvester and the receiver of the webhook in one. */
function answer(method: string, pathname: string): [status: number, body: string] {
  const json = (body: object): [number, string] => [200, JSON.stringify(body)];
  const metadata = { name: "x", uid: "u", resourceVersion: "1" };
  if (pathname.startsWith("/hook")) return [200, ""];
  if (pathname.endsWith("/log")) return [200, `${outside.said}\n`];
  if (pathname.endsWith("/jobs/job-1")) return json({ kind: "Job", metadata });
  if (pathname.endsWith("/events") && method === "GET") {
    const involvedObject = { kind: "Pod", name: "p" };
    return json({
      kind: "EventList",
      items: [{ involvedObject, metadata, reason: "Failed", message: outside.said }],
    });
  }
  if (pathname.endsWith("/namespaces/refused"))
    return [403, JSON.stringify({ kind: "Status", message: outside.said, status: "Failure" })];
  if (pathname.endsWith("/pods")) {
    const waiting = { waiting: { reason: "CrashLoopBackOff", message: outside.said } };
    const containerStatuses = [{ name: "c", state: waiting, restartCount: 1 }];
    const spec = { containers: [{ name: "c" }] };
    return json({
      kind: "PodList",
      items: [{ metadata, spec, status: { message: outside.said, containerStatuses } }],
    });
  }
  if (pathname.includes("/job/list/"))
    return json({
      id: 1,
      identifier: "1",
      jobConfigurations: [{ id: 1, identifier: "a", description: outside.said }],
    });
  if (pathname.includes("/execution"))
    return json({
      id: 1,
      status: "FAILED",
      exitStatus: { exitCode: "FAILED", exitDescription: outside.said },
    });
  return json({ kind: "List", metadata, items: [] });
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "ways-out-"));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname } = new URL(request.url ?? "/", "http://x");
      if (request.method === "POST") outside.posted.push(Buffer.concat(chunks).toString());
      const [status, body] = answer(request.method ?? "", pathname);
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = path.join(dir, "kubeconfig");
  const config = {
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "canary-token" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace: "builder" } }],
    "current-context": "c",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const secretsFile = path.join(dir, "secrets.yaml");
  await writeFile(
    secretsFile,
    JSON.stringify({ password: { db: secret, pin: numeric }, key: pem.join("\n") }),
  );
  const env = {
    ...{ KUBECONFIG: kubeconfig, SECRETS_FILE: secretsFile, API_PREFIX: url, JOB_NAME: "job-1" },
    ...{ NOTIFY_WEBHOOK_URL: `${url}/hook` },
  };
  redactor = createRedactor();
  const settings = read({ env });
  ({ world, dispose } = await compose({
    settings,
    env,
    version: "1",
    color: false,
    redactor,
    write: () => undefined,
  }));
});
afterAll(async () => {
  dispose();
  server.closeAllConnections();
  server.close();
  await removeFolder(dir);
});
