/** A registry that takes whatever is pushed, in memory and without a login: the OCI distribution protocol as Helm speaks it. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface PushedRegistry {
  /** `127.0.0.1:PORT` */
  host: string;
  /** What was pushed, as NAME:TAG. */
  tags(): string[];
  close(): Promise<void>;
}

interface Stored {
  type: string;
  bytes: Buffer;
}

const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export async function startPushedRegistry(): Promise<PushedRegistry> {
  /** By what follows /v2/: NAME/manifests/TAG, NAME/manifests/DIGEST, NAME/blobs/DIGEST. */
  const stored = new Map<string, Stored>();
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://registry");
    const place = pathname.replace(/^\/v2\//, "");
    const bytes = await buffer(request);
    if (request.method === "POST" && place.endsWith("/blobs/uploads/"))
      return void response.writeHead(202, { location: `${pathname}1` }).end();
    if (request.method === "PUT") {
      const type = request.headers["content-type"] ?? "application/octet-stream";
      const digest = sha256(bytes);
      const upload = searchParams.get("digest");
      const places = upload
        ? [place.replace(/uploads\/1$/, digest)]
        : [place, place.replace(/[^/]*$/, digest)];
      if (upload !== null && upload !== digest) return void response.writeHead(400).end();
      for (const at of places) stored.set(at, { type, bytes });
      return void response.writeHead(201, { location: pathname, "docker-content-digest": digest }).end();
    }
    const found = place === "" ? { type: "application/json", bytes: Buffer.from("{}") } : stored.get(place);
    if (found === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": found.type,
      "content-length": found.bytes.length,
      "docker-content-digest": sha256(found.bytes),
    });
    response.end(request.method === "HEAD" ? undefined : found.bytes);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    tags: () =>
      [...stored.keys()]
        .map((place) => /^(.*)\/manifests\/([^:]+)$/.exec(place))
        .flatMap((match) => (match === null ? [] : [`${match[1]}:${match[2]}`])),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
