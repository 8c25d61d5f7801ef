/**
 * The real image as the CronJob's pod on a real node, with nothing but its ServiceAccount. One file, for the image is
 * made once, and the audit log is read when all the others are through.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe } from "vitest";
import { buildImage, saveImage } from "../chart/image.ts";
import { describeAudit, type AuditedUser } from "./audit.ts";
import { describeEndings } from "./endings.ts";
import { describePlugin } from "./plugin.ts";
import { describeRebuild } from "./rebuild.ts";
import { cluster, whyNotInCluster } from "./requirements.ts";
import { image, startStage, type OpenStage, type Stage } from "./stage.ts";
import { describeVerbs } from "./verbs.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const why = await whyNotInCluster();

describe.skipIf(why !== undefined)(`in the cluster${why === undefined ? "" : ` (${why})`}`, () => {
  const users: AuditedUser[] = [];
  const stages = new Map<string, Promise<Stage>>();
  const prepare = async (prefix: string): Promise<Stage> => {
    const stage = await startStage(prefix);
    users.push({ namespace: stage.namespace, environment: stage.world.environment });
    return stage;
  };

  beforeAll(async () => {
    const name = `${image.repository}:${image.tag}`;
    const directory = await mkdtemp(path.join(tmpdir(), "powo-image-"));
    const file = path.join(directory, "image.tar");
    await buildImage(name);
    // Stages need the bundle, which the image's build makes anew.
    for (const prefix of ["clk", "vrb", "end", "plg"]) stages.set(prefix, prepare(prefix));
    await saveImage(name, file);
    await cluster("image-import", file);
    await Promise.all([removeFolder(directory), ...stages.values()]);
  });

  const open: OpenStage = async (prefix) => (await stages.get(prefix)) ?? prepare(prefix);
  // Side by side, for they wait most of the time; each in its own environment, one test after the other.
  describe.concurrent("stages", () => {
    describe("clk", () => describeRebuild(open));
    describe("vrb", () => describeVerbs(open));
    describe("end", () => describeEndings(open));
    describe("plg", () => describePlugin(open));
  });
  describeAudit(users);
});
