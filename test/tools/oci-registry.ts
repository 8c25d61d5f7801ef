/** A registry that holds one chart, as much of one as `helm pull` asks for. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface OciRegistry {
  /** `127.0.0.1:PORT` */
  host: string;
  /** The Authorization headers that came. */
  logins: string[];
  /** Another server that it sends everybody to who asks for a blob. */
  redirect: string | undefined;
  close(): Promise<void>;
}

const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Serves a packaged chart (the .tgz of `helm package`) as `charts/NAME:VERSION`. */
export async function startOciRegistry(
  name: string,
  version: string,
  chart: Buffer,
  login?: string,
): Promise<OciRegistry> {
  const config = Buffer.from(JSON.stringify({ name, version, apiVersion: "v1" }));
  const blob = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: blob("application/vnd.cncf.helm.config.v1+json", config),
      layers: [blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", chart)],
    }),
  );
  const blobs = new Map([config, chart, manifest].map((bytes) => [sha256(bytes), bytes]));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://oci");
    const { authorization } = request.headers;
    if (authorization !== undefined) registry.logins.push(authorization);
    if (login !== undefined && authorization !== `Basic ${Buffer.from(login).toString("base64")}`)
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="registry"' }).end();
    if (registry.redirect !== undefined && pathname.includes("/blobs/"))
      return void response.writeHead(307, { location: registry.redirect + pathname }).end();
    const answer = (type: string, bytes: Buffer) => {
      response.setHeader("docker-content-digest", sha256(bytes));
      response.writeHead(200, { "content-type": type, "content-length": bytes.length });
      response.end(request.method === "HEAD" ? undefined : bytes);
    };
    const reference = new RegExp(`^/v2/charts/${name}/(manifests|blobs)/(.+)$`).exec(pathname);
    const wanted = reference?.[2] === version ? sha256(manifest) : (reference?.[2] ?? "");
    const found = blobs.get(wanted);
    if (pathname === "/v2/") answer("application/json", Buffer.from("{}"));
    else if (pathname === `/v2/charts/${name}/tags/list`) {
      answer("application/json", Buffer.from(JSON.stringify({ name: `charts/${name}`, tags: [version] })));
    } else if (found) {
      const isManifest = reference?.[1] === "manifests";
      answer(isManifest ? "application/vnd.oci.image.manifest.v1+json" : "application/octet-stream", found);
    } else response.writeHead(404, { "content-type": "application/json" }).end('{"errors":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const registry: OciRegistry = {
    logins: [],
    redirect: undefined,
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return registry;
}
