/** Where charts are looked for. */
import { type BadInput, type Env, problem } from "./bench.ts";

const from = (name: string, given: Env, where: string, what: string, code?: 75): BadInput => ({
  name,
  given: () => given,
  says: code ? what : problem(where, what),
  ...(code && { code }),
});

const cases: readonly BadInput[] = [
  from("a folder that is missing", { CHART_SOURCE: "/nowhere/charts" }, "CHART_SOURCE", "there is no folder"),
  from(
    "a bare repository that is missing",
    { CHART_SOURCE: "file:///nowhere/powo.git" },
    "CHART_SOURCE",
    "does not appear to be a git repository",
  ),
  from(
    "a branch that is missing",
    { DEPLOY_TAG: "no-such-branch" },
    "DEPLOY_TAG",
    "has no branch or tag 'no-such-branch'; it has master",
  ),
  from("a branch that is mistyped", { DEPLOY_TAG: "mastr" }, "DEPLOY_TAG", "did you mean master?"),
  from(
    "a commit that is missing",
    { DEPLOY_TAG: "0123456789012345678901234567890123456789" },
    "CHART_SOURCE",
    "has no commit",
  ),
  from(
    "a folder that the repository does not have",
    { CHART_PATH: "charts/powo" },
    "CHART_PATH",
    "has no folder",
  ),
  from("a file for a folder", { CHART_PATH: "powo/values.yaml" }, "CHART_PATH", "is not a folder"),
  from("a folder without a chart", { CHART_PATH: "powo/templates" }, "the chart", "has no Chart.yaml"),
  from("a transport helper", { CHART_SOURCE: "ext::sh" }, "CHART_SOURCE", "transport helper"),
  from("ftp", { CHART_SOURCE: "ftp://host/powo.git" }, "CHART_SOURCE", "is unknown"),
  from(
    "a token file that is missing",
    { GIT_TOKEN_FILE: "/nowhere/token" },
    "GIT_TOKEN_FILE",
    "there is no such file",
  ),
  from(
    "an SSH key that is missing",
    { GIT_SSH_KEY_FILE: "/nowhere/key" },
    "GIT_SSH_KEY_FILE",
    "there is no such file",
  ),
  {
    name: "a repository that a server does not have",
    given: ({ world }) => ({ CHART_SOURCE: `${world.files.url}/powo.git` }),
    says: problem("CHART_SOURCE", "not found"),
  },
  {
    name: "a server that wants a login",
    given: ({ world }) => {
      world.files.faults.add(() => true, { kind: "status", status: 401 });
      return { CHART_SOURCE: `${world.files.url.replace("//", "//bot:canary-git@")}/powo.git` };
    },
    says: [
      ["CHART_SOURCE", "Authentication failed"],
      ["DATA_CONFIG_PATH", "answered 401"],
    ],
  },
  {
    name: "a page instead of a repository",
    given: ({ world }) => {
      world.files.faults.add(({ path }) => path.includes("powo.git"), { kind: "garbage" });
      return { CHART_SOURCE: `${world.files.url}/powo.git` };
    },
    says: problem("DEPLOY_TAG", "it has none at all"),
  },
  {
    name: "a page of several lines instead of a repository",
    given: ({ world }) => {
      const body = "<!doctype html>\n<html>\n<body>Welcome</body>\n</html>\n";
      world.files.faults.add(({ path }) => path.includes("powo.git"), { kind: "status", status: 200, body });
      return { CHART_SOURCE: `${world.files.url}/powo.git` };
    },
    says: problem("CHART_SOURCE", "not valid: is this a git repository?"),
  },
  {
    name: "a repository's address that goes round in circles",
    given: ({ world }) => {
      const headers = { location: "/powo.git/info/refs?service=git-upload-pack" };
      world.files.faults.add(({ path }) => path.includes("powo.git"), {
        kind: "status",
        status: 302,
        headers,
      });
      return { CHART_SOURCE: `${world.files.url}/powo.git` };
    },
    says: problem("CHART_SOURCE", "redirects followed"),
  },
  {
    name: "a server that is down",
    given: ({ world }) => {
      world.files.faults.add(({ path }) => path.includes("powo.git"), { kind: "status", status: 503 });
      return { CHART_SOURCE: `${world.files.url}/powo.git` };
    },
    code: 75,
    says: "can't be read: ",
  },
  from("a host that is away", { CHART_SOURCE: "http://127.0.0.1:9/powo.git" }, "", "can't be read: ", 75),
  {
    name: "a registry that has no such chart",
    given: ({ world }) => ({ CHART_SOURCE: `oci://${new URL(world.files.url).host}/powo` }),
    says: problem("CHART_SOURCE", "404"),
  },
];

/** From the git repository unless a case names another source. */
export const sourceCases = cases.map((one): BadInput => ({
  ...one,
  given: async (place) => ({ CHART_SOURCE: place.world.repository.url, ...(await one.given(place)) }),
}));
