/** URLs that the data configuration comes from, and the answers of Cloud DNS and the API server. */
import type { Fault } from "../../sandbox/faults.ts";
import { type BadInput, type Env, type Place, problem } from "./bench.ts";

const url = (name: string, given: (place: Place) => Env, what: string, code?: 75): BadInput => ({
  name,
  given,
  says: code ? what : problem("DATA_CONFIG_PATH", what),
  ...(code && { code }),
});
const answers = (name: string, fault: Fault, what: string, code?: 75): BadInput =>
  url(
    `a data URL that ${name}`,
    ({ world, data }) => {
      const env = data("{}");
      world.files.faults.add(() => true, fault);
      return env;
    },
    what,
    code,
  );

export const urlCases: readonly BadInput[] = [
  url(
    "a data URL that isn't there",
    ({ world }) => ({ DATA_CONFIG_PATH: world.files.urlOf("nothing.json") }),
    "answered 404",
  ),
  answers("wants a login", { kind: "status", status: 401 }, "answered 401"),
  answers("is closed", { kind: "status", status: 403 }, "answered 403"),
  answers("is gone", { kind: "status", status: 410 }, "answered 410"),
  answers("is down", { kind: "status", status: 500 }, "answered 500", 75),
  answers("is busy", { kind: "status", status: 429, headers: { "retry-after": "1" } }, "answered 429", 75),
  answers("breaks off", { kind: "reset" }, "can't be read right now", 75),
  answers("gives half an answer", { kind: "truncated" }, "can't be read right now", 75),
  answers("answers with nothing", { kind: "empty" }, "is empty"),
  answers("answers with rubbish", { kind: "garbage" }, "is a web page"),
  url(
    "a data URL whose host is away",
    () => ({ DATA_CONFIG_PATH: "http://127.0.0.1:9/data.json" }),
    "can't be read right now",
    75,
  ),
  url(
    "a data URL that goes round in circles",
    ({ world }) => ({ DATA_CONFIG_PATH: world.files.loop("round") }),
    "redirects more than",
  ),
  answers(
    "redirects to a file",
    { kind: "status", status: 302, headers: { location: "file:///etc/passwd" } },
    "redirects to a file: URL",
  ),
  answers("redirects to nowhere", { kind: "status", status: 302 }, "redirects to nowhere"),
  url(
    "a data URL with a wrong login",
    ({ world }) => {
      world.files.faults.add(() => true, { kind: "status", status: 401 });
      return {
        DATA_CONFIG_PATH: world.files.urlOf("d.json?sig=canary-query").replace("//", "//bot:canary-login@"),
      };
    },
    "answered 401",
  ),
  url("a file for a URL", () => ({ DATA_CONFIG_PATH: "file:///etc/passwd" }), "must begin with http"),
  url("a path for a URL", () => ({ DATA_CONFIG_PATH: "data/data-prod.json" }), "must begin with http"),
  url("1 GiB of data", ({ world }) => ({ DATA_CONFIG_PATH: world.files.stream("flood") }), "holds more than"),
];

const dnsAnswers = (name: string, fault: Fault, says: BadInput["says"], code: 1 | 2 | 75): BadInput => ({
  name: `a Cloud DNS that ${name}`,
  given: ({ world }) => {
    world.dns.faults.add(() => true, fault);
    return {};
  },
  says,
  code,
});
const apiAnswers = (name: string, fault: Fault, says: BadInput["says"], code: 1 | 2 | 75): BadInput => ({
  name: `an API server that ${name}`,
  given: ({ world }) => {
    world.kubernetes!.faults.add(() => true, fault);
    return {};
  },
  says,
  code,
  // A run asks for the Lease before it looks at its inputs: there a refusal is an outage.
  codeOfRun: 75,
});

export const answerCases: readonly BadInput[] = [
  dnsAnswers(
    "refuses",
    {
      kind: "status",
      status: 403,
      body: '{"error":{"message":"no rights","errors":[{"reason":"forbidden"}]}}',
    },
    problem("Cloud DNS", "no rights"),
    2,
  ),
  dnsAnswers("refuses the login", { kind: "status", status: 401 }, problem("Cloud DNS", "answered 401"), 2),
  dnsAnswers("answers with rubbish", { kind: "garbage" }, "gave an unreadable answer", 75),
  dnsAnswers("answers with nothing", { kind: "empty" }, "gave an unreadable answer", 75),
  dnsAnswers("is down", { kind: "status", status: 503 }, "answered 503", 75),
  dnsAnswers("breaks off", { kind: "reset" }, "Cloud DNS can't be reached", 75),
  apiAnswers("is down", { kind: "status", status: 503 }, "the Kubernetes API answered 503", 75),
  apiAnswers("answers with rubbish", { kind: "garbage" }, "is not JSON", 75),
  apiAnswers("does not know the token", { kind: "status", status: 401 }, "the credentials were rejected", 2),
  apiAnswers("refuses everything", { kind: "status", status: 403 }, "not allowed to", 2),
  {
    name: "a role that is too small",
    given: ({ world }) => {
      world.kubernetes!.deny(({ resource, verb }) => resource === "namespaces" && verb === "create");
      return {};
    },
    says: problem("Kubernetes permissions", "may not create namespaces"),
  },
  {
    name: "no role at all",
    given: ({ world }) => {
      world.kubernetes!.deny(() => true);
      return {};
    },
    says: [
      ...["configmaps", "leases.coordination.k8s.io", "pods", "jobs.batch", "events"].map(
        (thing) => `${thing} in builder-`,
      ),
      "namespaces",
      "services",
      "secrets",
      "configmaps",
      "persistentvolumeclaims",
      "pods",
      "pods/log",
      "events",
      "deployments.apps",
      "statefulsets.apps",
      "daemonsets.apps",
    ].map((thing) => ["Kubernetes permissions", ` ${thing}`] as const),
  },
  {
    name: "a name that is an alias",
    given: ({ world, mappings, atTheEnd }) => {
      const name = "www.prod.plantsoftheworld.online.";
      world.zone.put({ name, type: "CNAME", ttl: 300, rrdatas: ["x.example."] });
      atTheEnd(() => world.zone.remove(name, "CNAME"));
      return mappings(`dns: [{zone: ${world.zone.name}, name: ${name}, service: ingress}]`);
    },
    says: problem('name "www.prod.plantsoftheworld.online."', "is an alias (CNAME) of x.example."),
  },
];
