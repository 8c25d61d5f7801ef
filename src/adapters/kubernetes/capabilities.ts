import {
  ApisApi,
  CoreV1Api,
  CustomObjectsApi,
  type V1APIResource,
  VersionApi,
} from "@kubernetes/client-node";
import { TransientError } from "../../errors.ts";
import type { Cluster } from "../../ports/cluster.ts";
import type { KubernetesConnection } from "./client.ts";

/** The server's version and all that it serves, as Helm gathers it for `.Capabilities`. */
export async function readCapabilities(
  connection: KubernetesConnection,
): ReturnType<Cluster["capabilities"]> {
  const [{ gitVersion }, { groups }, core] = await Promise.all([
    connection.api(VersionApi).getCode(),
    connection.api(ApisApi).getAPIVersions(),
    connection.api(CoreV1Api).getAPIResources(),
  ]);
  const custom = connection.api(CustomObjectsApi);
  const served = groups.flatMap(({ name: group, versions }) =>
    versions.map(async ({ version }) => {
      const found = await custom.getAPIResources({ group, version }).catch((error: unknown) => {
        // Behind an aggregated API stands another server; one that is down hides its kinds from Helm as well.
        if (error instanceof TransientError && error.status !== undefined) return { resources: [] };
        throw error;
      });
      return withKinds(`${group}/${version}`, found.resources);
    }),
  );
  const others = await Promise.all(served);
  return { kubeVersion: gitVersion, apiVersions: [...withKinds("v1", core.resources), ...others.flat()] };
}

/** `apps/v1`, `apps/v1/Deployment`; subresources are none of it. */
function withKinds(apiVersion: string, resources: readonly V1APIResource[]): string[] {
  const kinds = resources.filter(({ name }) => !name.includes("/")).map(({ kind }) => kind);
  return [apiVersion, ...new Set(kinds.map((kind) => `${apiVersion}/${kind}`))];
}
