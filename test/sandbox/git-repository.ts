/** The infrastructure repository as a bare git repository on disk, with our release chart on `master`. */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { parseDocument } from "yaml";

const fixture = path.resolve(import.meta.dirname, "../fixtures/infrastructure");

export interface InfrastructureRepository {
  /** The bare repository, also usable as CHART_SOURCE. */
  path: string;
  /** The same as a file URL. */
  url: string;
  /** The commit that `master` points at. */
  head: () => Promise<string>;
  /** Changes files of the work tree (its folder is passed in), commits and pushes; gives the commit. */
  commit: (change: (folder: string) => Promise<void> | void, message?: string) => Promise<string>;
  /** A builder update: another image tag for one environment (or for all: `values`). */
  setImage: (component: string, image: string, environment?: string) => Promise<string>;
  /** Tags the head of `master`, or moves the tag. */
  tag: (name: string) => Promise<void>;
}

/** Makes `infrastructure.git` (bare) and a work tree beside it inside `folder`. */
export async function createInfrastructureRepository(folder: string): Promise<InfrastructureRepository> {
  const bare = path.join(folder, "infrastructure.git");
  const work = path.join(folder, "infrastructure");
  await mkdir(work, { recursive: true });
  await git(folder, "init", "--quiet", "--bare", "--initial-branch=master", bare);
  await git(work, "init", "--quiet", "--initial-branch=master");
  await git(work, "remote", "add", "origin", bare);
  await cp(fixture, work, { recursive: true });

  const commit: InfrastructureRepository["commit"] = async (change, message = "Change the release") => {
    await change(work);
    await git(work, "add", "--all");
    await git(work, "commit", "--quiet", "--allow-empty", "--message", message);
    await git(work, "push", "--quiet", "origin", "HEAD:master");
    return git(work, "rev-parse", "HEAD");
  };
  await commit(() => undefined, "Add the release chart");
  return {
    path: bare,
    url: pathToFileURL(bare).href,
    head: () => git(bare, "rev-parse", "master"),
    commit,
    setImage: (component, image, environment = "values") =>
      commit(async (tree) => {
        const file = path.join(tree, "powo", `${environment}.yaml`);
        const values = parseDocument(await readFile(file, "utf8"));
        values.setIn(["images", component], image);
        await writeFile(file, values.toString());
      }, `Use ${image}`),
    tag: async (name) => {
      await git(work, "tag", "--force", name);
      await git(work, "push", "--quiet", "--force", "origin", `refs/tags/${name}`);
    },
  };
}

/** Runs git without the settings of whoever runs the tests. */
async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = { NAME: "Operator", EMAIL: "operator@example.invalid" };
  const env = {
    PATH: process.env["PATH"],
    HOME: cwd,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
  const { stdout } = await promisify(execFile)("git", args, { cwd, env });
  return stdout.trim();
}
