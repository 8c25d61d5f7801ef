/**
 * What the bundle leaves out, or loads late, so that a builder that only waits fits into 90 MB (docs/performance.md).
 * Every rule is about code that this program can't reach, or reaches rarely; test/unit/bundle.test.ts holds the latter.
 */
import type { Plugin } from "esbuild";

interface Replacement {
  /** What is imported, and by whom. */
  imported: RegExp;
  by: RegExp;
  contents: string;
}

const replacements: readonly Replacement[] = [
  // Only client-node's own way of sending uses it, and ours is node:https (src/adapters/kubernetes/transport.ts).
  {
    imported: /^undici$/,
    by: /[\\/]client-node[\\/]dist[\\/]/,
    contents: "export class Agent {} export class ProxyAgent {} export const fetch = undefined;",
  },
  // 10 MB for whoever has `proxy-url: socks5://…` in the kubeconfig: loaded when it is used.
  {
    imported: /^socks-proxy-agent$/,
    by: /[\\/]client-node[\\/]dist[\\/]/,
    contents:
      'export class SocksProxyAgent { constructor(...args) { return new (require("socks-proxy-agent").SocksProxyAgent)(...args); } }',
  },
  {
    imported: /^socks$/,
    by: /[\\/]client-node[\\/]dist[\\/]/,
    contents:
      'export const SocksClient = { createConnection: (...args) => require("socks").SocksClient.createConnection(...args) };',
  },
  // We send bytes over HTTP/1.1: no forms (and no table of all MIME types for them), no HTTP/2.
  {
    imported: /^(form-data|http2)$/,
    by: /[\\/]axios[\\/]/,
    contents:
      'export default class LeftOut { static constants = {}; constructor() { throw new Error("left out of the bundle"); } }',
  },
  // Zod's messages in 50 languages; zod itself needs the English ones.
  {
    imported: /[\\/]locales[\\/]index\.js$/,
    by: /[\\/]zod[\\/]v4[\\/]/,
    contents: 'export { default as en } from "zod/v4/locales/en.js";',
  },
];

const anyImported = new RegExp(replacements.map(({ imported }) => imported.source).join("|"));

/** The plugin for scripts/build.ts. */
export const leanBundle: Plugin = {
  name: "lean-bundle",
  setup(build) {
    build.onResolve({ filter: anyImported }, ({ path, importer, resolveDir, namespace }) => {
      if (namespace !== "file") return undefined;
      const index = replacements.findIndex(({ imported, by }) => imported.test(path) && by.test(importer));
      if (index < 0) return undefined;
      return { path: `${index}:${path}`, namespace: "lean", pluginData: { index, resolveDir } };
    });
    build.onLoad({ filter: /./, namespace: "lean" }, ({ pluginData }) => {
      const { index, resolveDir } = pluginData as { index: number; resolveDir: string };
      return { loader: "js", contents: replacements[index]?.contents ?? "", resolveDir };
    });

    // KubeConfig is all that is used of client-node; its modules don't say that they can be left out.
    build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const concerned = /client-node[\\/]dist/.test(importer) || path === "@kubernetes/client-node";
      if (pluginData === "resolving" || !concerned) return undefined;
      const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: "resolving" });
      return /client-node[\\/]dist/.test(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};
