/** Google's login, with our reading of the proxy settings: the library's own knows no names below a name. */
import type GoogleAuthLibrary from "google-auth-library";
import type { gaxios } from "google-auth-library";
import { findProxy } from "../http/proxy.ts";
import { loginError, unlessMistake } from "./errors.ts";

interface Login {
  /** The headers to show at this address. Throws TransientError when there are none, and ConfigError for a proxy that is no URL. */
  getHeaders: (url: string) => Promise<Headers>;
  /** Google's HTTP client, without a login. */
  http: gaxios.Gaxios;
}

const scopes = ["ndev.clouddns.readwrite", "cloud-platform"].map(
  (name) => `https://www.googleapis.com/auth/${name}`,
);
/** Each shows that there is a metadata server: the first two name its address, the last shows that this is a pod. */
const metadataSettings = ["GCE_METADATA_HOST", "GCE_METADATA_IP", "KUBERNETES_SERVICE_HOST"];
const everything = /^/;

interface LoginOptions {
  /** Named, because the library would ask for it. */
  projectId: string;
  /** The content of a key file; empty: the library looks for credentials; none: no login. */
  key: string | undefined;
}

/** Logs in when headers are wanted. */
export function openLogin(auth: typeof GoogleAuthLibrary, { projectId, key }: LoginOptions): Login {
  // Otherwise it remembers for the life of the process that the metadata server was away once.
  auth.gcpMetadata.resetIsAvailableCache();
  // This instance asks the metadata server, which no proxy reaches.
  auth.gaxios.instance.defaults.noProxy = [everything];
  class Http extends auth.gaxios.Gaxios {
    override async request<T>(options: gaxios.GaxiosOptions = {}): Promise<gaxios.GaxiosResponse<T>> {
      const proxy = findProxy(new URL(options.url ?? ""));
      const way = proxy ? { proxy: proxy.href } : { noProxy: [everything] };
      // What is sent for a token is for Google alone, wherever an answer points.
      return super.request<T>({ redirect: "manual", ...options, ...way });
    }
  }
  const credentials = key ? { credentials: JSON.parse(key) as object } : {};
  const clientOptions = { transporter: new Http() };
  const client =
    key === undefined
      ? new auth.PassThroughClient()
      : new auth.GoogleAuth({ projectId, scopes, clientOptions, ...credentials });
  const hasServer = key === "" && metadataSettings.some((name) => process.env[name]);
  return {
    getHeaders: (url) =>
      client.getRequestHeaders(url).catch(unlessMistake((error) => loginError(error, { hasServer }))),
    http: new Http(),
  };
}
