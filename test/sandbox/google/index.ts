/**
 * Google as a program meets it: TLS under Google's own names with an authority that only NODE_EXTRA_CA_CERTS makes
 * known, logins by key, metadata server and federation, and Cloud DNS for whoever has a good token.
 */
import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import path from "node:path";
import type { CloudDns } from "../dns/cloud-dns.ts";
import { Faults, type FaultRequest } from "../faults.ts";
import { requireCertificates } from "./certificates.ts";
import { hosts, serveEdge, type EdgeRequest } from "./edge.ts";
import { Identity } from "./identity.ts";
import { startMetadataServer, type MetadataServer } from "./metadata-server.ts";
import { openByHosts, openByProxy, type Way } from "./ways.ts";

interface GoogleOptions {
  /** For certificates, keys and the like. */
  dir: string;
  project: string;
  dns: Pick<CloudDns, "serve">;
  /** `hosts` is taken where it can be, and is else a `proxy`. */
  way: Way["kind"];
}

/** What a program has to be started with to be logged in. */
export type Login = Record<string, string>;

export interface Google {
  identity: Identity;
  metadata: MetadataServer;
  /** Shown under all names, before a token is looked at. */
  faults: Faults;
  /** Every request under one of the names, in order. */
  requests: EdgeRequest[];
  /** Hosts that the proxy was asked for and refused. */
  refused: string[];
  /** Told of each request before anything is judged: the moment to revoke a token. */
  onRequest: (request: FaultRequest) => void;
  /** How the double is reached; its environment knows no login. */
  way: Way;
  /** PEM of the authority. */
  ca: string;
  /** A new key, in the same file at each call; earlier keys stay good. */
  loginByKey: () => Promise<Login>;
  loginByMetadataServer: () => Login;
  /** A workload's token in a file, for which its service account's is given. */
  loginByFederation: () => Promise<Login>;
  close: () => Promise<void>;
}

export async function startGoogle({ dir, project, dns, way: wanted }: GoogleOptions): Promise<Google> {
  const identity = new Identity(project);
  const { ca, cert, key } = requireCertificates(hosts);
  const faults = new Faults();
  const requests: EdgeRequest[] = [];
  const refused: string[] = [];
  const inDir = (name: string) => path.join(dir, name);
  // In one go, as a mounted Secret changes: a program may be reading it.
  const save = async (name: string, content: string) => {
    await writeFile(inDir(`${name}.new`), content, { mode: 0o600 });
    await rename(inDir(`${name}.new`), inDir(name));
    return inDir(name);
  };
  const server = createServer({ cert, key }, (request, response) => {
    const onRequest = (asked: FaultRequest) => google.onRequest(asked);
    const options = { identity, dns, faults, requests, onRequest };
    serveEdge(options, request, response).catch(() => request.socket.destroy());
  });
  const place = { server, hosts, dir, refused };
  const way = (wanted === "hosts" ? await openByHosts(place) : undefined) ?? (await openByProxy(place));
  const metadata = await startMetadataServer(identity);
  const google: Google = {
    ...{ identity, metadata, faults, requests, refused, ca, onRequest: () => undefined },
    way: { ...way, env: { ...way.env, NODE_EXTRA_CA_CERTS: await save("google-ca.pem", ca) } },
    loginByKey: async () => ({
      GOOGLE_APPLICATION_CREDENTIALS: await save("google-key.json", JSON.stringify(identity.createKey())),
    }),
    // Google's own nodes are known by their BIOS; here it has to be said that there is a metadata server.
    loginByMetadataServer: () => ({
      GCE_METADATA_HOST: metadata.host,
      METADATA_SERVER_DETECTION: "assume-present",
    }),
    async loginByFederation() {
      const file = await save("workload-token", identity.createWorkloadToken());
      const impersonated = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${identity.email}`;
      const config = {
        type: "external_account",
        audience: identity.audience,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: "https://sts.googleapis.com/v1/token",
        service_account_impersonation_url: `${impersonated}:generateAccessToken`,
        credential_source: { file, format: { type: "text" } },
      };
      return { GOOGLE_APPLICATION_CREDENTIALS: await save("google-federation.json", JSON.stringify(config)) };
    },
    async close() {
      await Promise.all([way.close(), metadata.stop()]);
    },
  };
  return google;
}
