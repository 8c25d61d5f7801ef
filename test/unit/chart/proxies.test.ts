/** Behind a proxy the cluster itself is asked directly. */
import { expect, test } from "vitest";
import { findProxy } from "../../../src/adapters/http/proxy.ts";
import { environmentOf, podOf, renderChart, valuesWith } from "./render.ts";

const proxy = "http://proxy.example.org:3128";
const inside = ".svc,.cluster.local,$(KUBERNETES_SERVICE_HOST)";
test.each<[what: string, changes: Record<string, unknown>, expected: unknown]>([
  ["no proxy", {}, undefined],
  ["a proxy", { settings: { HTTPS_PROXY: proxy } }, inside],
  ["a proxy for http alone", { settings: { HTTP_PROXY: proxy } }, inside],
  ["a proxy by extraEnv", { extraEnv: [{ name: "https_proxy", value: proxy }] }, inside],
  ["a proxy and exceptions", { settings: { HTTPS_PROXY: proxy, NO_PROXY: ".kew.org" } }, ".kew.org"],
  [
    "a proxy and exceptions by extraEnv",
    { settings: { HTTPS_PROXY: proxy }, extraEnv: [{ name: "no_proxy", value: ".kew.org" }] },
    undefined,
  ],
])("with %s the cluster itself is asked without one", async (_, changes, expected) => {
  expect(environmentOf(podOf(await renderChart(await valuesWith(changes))))["NO_PROXY"]).toBe(expected);
});

test("what NO_PROXY says by default covers the cluster, and nothing else", () => {
  const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
  const NO_PROXY = inside.replace("$(KUBERNETES_SERVICE_HOST)", "10.96.0.1");
  const through = (url: string) => findProxy(new URL(url), { ...env, NO_PROXY }) !== undefined;
  for (const direct of [
    "http://ingress.prod-x.svc.cluster.local/",
    "http://portal.prod-x.svc/",
    "https://10.96.0.1/",
  ])
    expect({ direct, through: through(direct) }).toEqual({ direct, through: false });
  for (const away of ["https://dns.googleapis.com/", "https://10.96.0.2/", "https://svc.example.org/"])
    expect({ away, through: through(away) }).toEqual({ away, through: true });
});
