import { describe, expect, it } from "vitest";
import { findOwnServices } from "../../../src/domain/own-services.ts";
import type { RenderedObject } from "../../../src/domain/release.ts";
import type { ServiceView } from "../../../src/domain/workloads.ts";

const release = "prod-aaaaa";
const view = (name: string, component: string, helmRelease?: string): ServiceView => ({
  ...{ name, component, address: `address of ${name}`, otherAddresses: [] },
  ...(helmRelease !== undefined && { helmRelease }),
});
const made = (name: string, component = name, metadata: object = {}): RenderedObject => ({
  ...{ apiVersion: "v1", kind: "Service", name, labels: { name: component }, manifest: { metadata } },
});
const own = view("ingress", "ingress");

describe("the Service that stands for a mapped one", () => {
  it.each<[string, ServiceView[], RenderedObject[] | undefined, string | undefined, string | undefined]>([
    ["is that of the manifest", [own], [made("ingress")], "ingress", undefined],
    [
      "is nobody else's when its own is gone",
      [view("mirror", "ingress")],
      [made("ingress")],
      undefined,
      undefined,
    ],
    [
      "is that of the manifest, whoever else bears its name",
      [view("a-mirror", "ingress"), own],
      [made("ingress")],
      "ingress",
      '2 Services are "ingress": a-mirror, ingress (its own)',
    ],
    [
      "is that of the manifest, whatever label it has now",
      [view("ingress", "former"), view("mirror", "ingress")],
      [made("ingress")],
      "ingress",
      '2 Services are "ingress": ingress (its own), mirror',
    ],
    [
      "is found under another object's name",
      [view("web", "ingress")],
      [made("web", "ingress")],
      "web",
      undefined,
    ],
    [
      "is none where the manifest has two",
      [own, view("ingress-2", "ingress")],
      [made("ingress"), made("ingress-2", "ingress")],
      undefined,
      '2 Services are "ingress": ingress, ingress-2',
    ],
    [
      "is none that the chart makes in another namespace",
      [view("web", "ingress")],
      [made("web", "ingress", { namespace: "default" })],
      undefined,
      undefined,
    ],
    ["is none of another kind", [own], [{ ...made("ingress"), kind: "Deployment" }], undefined, undefined],
    [
      "is the only one where no manifest can be read, as Helm 2 left it",
      [own],
      undefined,
      "ingress",
      undefined,
    ],
    ["is the one that says so", [view("ingress", "ingress", release)], undefined, "ingress", undefined],
    [
      "is none that says it is another's",
      [view("ingress", "ingress", "prod-bbbbb")],
      undefined,
      undefined,
      undefined,
    ],
    [
      "is none of two where no manifest can be read",
      [own, view("mirror", "ingress")],
      undefined,
      undefined,
      '2 Services are "ingress": ingress, mirror',
    ],
    [
      "is the one beside another release's",
      [own, view("mirror", "ingress", "prod-bbbbb")],
      undefined,
      "ingress",
      '2 Services are "ingress": ingress (its own), mirror',
    ],
  ])("%s", (_, seen, manifest, name, rival) => {
    const found = findOwnServices(seen, ["ingress", "ingress"], { release, manifest });
    expect(found.services.map((service) => service.name)).toEqual(name === undefined ? [] : [name]);
    expect(found.services.map(({ component }) => component)).toEqual(name === undefined ? [] : ["ingress"]);
    expect(found.rivals).toEqual(rival === undefined ? [] : [rival]);
  });
});
