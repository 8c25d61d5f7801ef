/** Harvester and public site of each release, over the sandbox's model: reachable once their pods are ready. */
import type { z } from "zod";
import { executionSchema, listSchema } from "../../src/adapters/harvester/schemas.ts";
import { TransientError } from "../../src/errors.ts";
import type { Harvester } from "../../src/ports/harvester.ts";
import type { Site } from "../../src/ports/site.ts";
import type { Answer } from "../sandbox/harvester/answer.ts";
import type { DataConfiguration } from "../sandbox/harvester/data-configuration.ts";
import { portalAnswer } from "../sandbox/harvester/portal.ts";
import type { HarvesterModel } from "../sandbox/harvester/model.ts";
import type { ClusterModel } from "./cluster-model.ts";
import { answered } from "./faults.ts";

/** What came over the wire, read with the adapter's own schemas. */
function parse<T>(answer: Answer, schema: z.ZodType<T>): T {
  if (answer.status !== 200) throw answered("the harvester", answer.status);
  return schema.parse(answer.body);
}

function reach(model: ClusterModel, name: string): HarvesterModel {
  const harvester = model.find(name)?.harvester;
  if (!harvester || !model.isReady(name, "harvester") || !model.isReady(name, "db") || !harvester.isUp)
    throw new TransientError("the harvester", `the harvester of ${name} can't be reached`);
  const { isDeployed, isDatabaseAway } = harvester;
  if (!isDeployed || isDatabaseAway) throw answered("the harvester", isDeployed ? 500 : 404);
  return harvester;
}

export function createFakeHarvester(model: ClusterModel): Harvester {
  return {
    async exportData(name) {
      const answer = reach(model, name).exportData();
      if (answer.status === 200) return structuredClone(answer.body);
      throw answered("the harvester", answer.status);
    },
    async importData(name, document) {
      const text = new TextDecoder().decode(document);
      const answer = reach(model, name).importData(JSON.parse(text) as DataConfiguration);
      if (!answer) throw new TransientError("the harvester", "the connection was reset");
      if (answer.status === 201) return { loaded: true };
      if (answer.status === 200) return { loaded: false, error: (answer.body as { error: string }).error };
      throw answered("the harvester", answer.status);
    },
    async findList(name, identifier) {
      const answer = reach(model, name).list(identifier);
      const isEmpty = answer.status === 200 && answer.body === undefined;
      return isEmpty ? undefined : parse(answer, listSchema);
    },
    async startList(name, identifier) {
      const answer = reach(model, name).runList(identifier);
      if (answer.status !== 200) throw answered("the harvester", answer.status);
    },
    async findExecution(name, jobId) {
      return parse(reach(model, name).execution(jobId), executionSchema);
    },
    async startJob(name, jobId) {
      const answer = reach(model, name).runJob(jobId);
      if (answer.status !== 200) throw answered("the harvester", answer.status);
    },
  };
}

export function createFakeSite(model: ClusterModel): Site {
  const ask = (name: string, service: string, path: string): Answer => {
    const namespace = model.find(name);
    if (!namespace || !model.isReady(name, service) || !model.isReady(name, "portal"))
      throw new TransientError("the site", `the site of ${name} can't be reached`);
    if (namespace.siteStatus !== 200) return { status: namespace.siteStatus };
    if (namespace.isMaintained) return { status: 200, body: "<title>Back soon</title>" };
    const { pathname, searchParams } = new URL(path, "http://site");
    return portalAnswer(namespace.harvester, pathname, searchParams);
  };
  const search = (name: string, service: string, query = ""): number => {
    const answer = ask(name, service, `/api/2/search${query}`);
    if (answer.status !== 200 || typeof answer.body === "string") throw answered("the site", answer.status);
    return (answer.body as { totalResults: number }).totalResults;
  };
  return {
    async probe({ namespace, service }) {
      try {
        const { status } = ask(namespace, service, "/");
        if (status !== 200) return { ok: false, seen: `GET / answered ${status}`, status };
        search(namespace, service);
        return { ok: true };
      } catch (error) {
        return { ok: false, seen: (error as Error).message };
      }
    },
    totalResults: async ({ namespace, service }) => search(namespace, service),
    countTaxa: async ({ namespace, service }, filter) =>
      search(namespace, service, `?f=${encodeURIComponent(filter)}`),
    async hasTaxon({ namespace, service }, id) {
      const answer = ask(namespace, service, `/api/2/taxon/${encodeURIComponent(id)}`);
      if (answer.status !== 200 && answer.status !== 404) throw answered("the site", answer.status);
      return answer.status === 200;
    },
  };
}
