import { describe, expect, test } from "vitest";
import { parseSettings } from "../../../src/config/settings.ts";
import { shownUrl } from "../../../src/domain/shown-url.ts";
import { ConfigError } from "../../../src/errors.ts";
import { mappingsYaml, problemsOf, read } from "./read.ts";

describe("what is read", () => {
  test("the defaults are those of the contract", () => {
    expect(read()).toMatchObject({
      environment: "test",
      deployTag: "master",
      chart: { path: "powo" },
      secretsFile: "/tmp/secrets/secrets.yaml",
      deleteExisting: true,
      strict: false,
      harvester: {
        prefix: "http://ingress.{namespace}.svc.cluster.local",
        apiPath: "/harvester/api/1",
        username: "admin",
        password: "password",
      },
      sitePrefix: "http://{service}.{namespace}.svc.cluster.local",
      jobLists: ["1"],
      retryTimeoutMs: 600_000,
      podsTimeoutMs: 1_200_000,
      harvest: {
        timeoutMs: 172_800_000,
        pollIntervalMs: 60_000,
        stallTimeoutMs: 21_600_000,
        wedgeTimeoutMs: 1_800_000,
        jobRetries: 1,
      },
      dns: { timeoutMs: 600_000, pollIntervalMs: 5_000, drainTtls: 2, swapTtlSeconds: undefined },
      deleteTimeoutMs: 900_000,
      retainPreviousMs: 0,
      keepFailedMs: 604_800_000,
      approval: { mode: "auto" },
      approvalTimeoutMs: 259_200_000,
      gate: { minShare: 0.9, minShares: {}, sentinels: [] },
      postSwapWatchMs: 600_000,
      metricsPort: undefined,
      leaseDurationMs: 90_000,
      logLevel: "info",
      logFormat: "pretty",
      helmBin: "helm",
    });
  });

  test.each([
    [{ DELETE_EXISTING: "NO" }, { deleteExisting: false }],
    [{ DELETE_EXISTING: "0" }, { deleteExisting: false }],
    [{ STRICT_ERROR_CHECKING: "false" }, { strict: false }],
    [{ STRICT_ERROR_CHECKING: "Yes" }, { strict: true }],
    [{ HARVEST_TIMEOUT: "1h30m" }, { harvest: { timeoutMs: 5_400_000 } }],
    [{ HARVEST_WEDGE_TIMEOUT: "45m" }, { harvest: { wedgeTimeoutMs: 2_700_000 } }],
    [{ HARVEST_POLL_INTERVAL: "500ms" }, { harvest: { pollIntervalMs: 500 } }],
    [{ RETAIN_PREVIOUS: "0" }, { retainPreviousMs: 0 }],
    [{ RETAIN_PREVIOUS: " 2d \r\n" }, { retainPreviousMs: 172_800_000 }],
    [{ APPROVAL: "manual" }, { approval: { mode: "manual" } }],
    [{ APPROVAL: "auto-after:2h" }, { approval: { mode: "auto-after", delayMs: 7_200_000 } }],
    [{ JOB_LIST: "1, 2 ,nightly," }, { jobLists: ["1", "2", "nightly"] }],
    [{ GATE_SENTINELS: "urn:lsid:ipni.org:names:1" }, { gate: { sentinels: ["urn:lsid:ipni.org:names:1"] } }],
    [{ GATE_MIN_SHARES: "images=0.5, genera = 1" }, { gate: { minShares: { images: 0.5, genera: 1 } } }],
    [{ GATE_MIN_SHARE: ".5" }, { gate: { minShare: 0.5 } }],
    [{ DNS_SWAP_TTL: "30s" }, { dns: { swapTtlSeconds: 30 } }],
    [{ DNS_SWAP_TTL: "1500ms" }, { dns: { swapTtlSeconds: 2 } }],
    [{ DNS_SWAP_TTL: "OFF" }, { dns: { swapTtlSeconds: undefined } }],
    [{ METRICS_PORT: "9090" }, { metricsPort: 9090 }],
    [{ API_PREFIX: "http://h.{namespace}:80//" }, { harvester: { prefix: "http://h.{namespace}:80" } }],
    [{ API_PASSWORD: " with spaces \n" }, { harvester: { password: " with spaces " } }],
    [{ CHART_SOURCE: "/charts" }, { chart: { source: "/charts" } }],
    [
      { CHART_SOURCE: "git@host.example:group/repo.git" },
      { chart: { source: "git@host.example:group/repo.git" } },
    ],
    [{ CHART_SOURCE: "oci://registry.example/powo" }, { chart: { source: "oci://registry.example/powo" } }],
    [{ CLOUD_DNS_ENDPOINT: "http://dns:8080/" }, { dns: { endpoint: "http://dns:8080" } }],
    [
      { LOG_LEVEL: "DEBUG", LOG_FORMAT: "json" },
      { logLevel: "debug", logFormat: "json" },
    ],
    [{ ENVIRONMENT: "" }, { environment: "test" }],
    [{ G_USER: "x", G_CLUSTER: "?", G_ZONE: " " }, {}],
  ])("%j", (env, expected) => {
    expect(read({ env })).toMatchObject(expected);
  });

  test("what was given is told from defaults", () => {
    const env = { HARVEST_TIMEOUT: "48h", LOG_LEVEL: " ", G_USER: "x" };
    const { given } = read({ env, files: { "/config/builder.yaml": "apiPassword: hunter22" } });
    expect([...given].sort()).toEqual([
      "API_PASSWORD",
      "DATA_CONFIG_PATH",
      "G_PROJECT",
      "G_USER",
      "HARVEST_TIMEOUT",
    ]);
  });

  test("URLs are shown without credentials and query", () => {
    const settings = read({
      env: {
        CHART_SOURCE: "https://bot:hunter22@git.example/powo.git",
        DATA_CONFIG_PATH: "https://token@data.example/d.json?sig=abc#x",
      },
    });
    expect(shownUrl(settings.chart.source)).toBe("https://***@git.example/powo.git");
    expect(shownUrl(settings.dataUrl)).toBe("https://***@data.example/d.json?***");
  });
});

/** A variable, a value that can't be right, and what must be said of it. */
const mistakes: [variable: string, value: string, said: string][] = [
  ["HARVEST_TIMEOUT", "2 days", '"2 days" is not a duration; write 48h'],
  ["HARVEST_TIMEOUT", "60", "write 60s"],
  ["HARVEST_TIMEOUT", "-5m", "is not a duration"],
  ["HARVEST_TIMEOUT", "1h 30m", "is not a duration"],
  ["HARVEST_TIMEOUT", "30m1h", "is not a duration"],
  ["HARVEST_TIMEOUT", "3w", "write 21d"],
  ["HARVEST_TIMEOUT", "2 hours", "write 2h"],
  ["HARVEST_TIMEOUT", "10min", "write 10m"],
  ["HARVEST_TIMEOUT", "10M", "write 10m"],
  ["HARVEST_TIMEOUT", "500d", "too long"],
  ["HARVEST_TIMEOUT", "9".repeat(400) + "d", "too long"],
  ["HARVEST_TIMEOUT", "Infinity", "is not a duration"],
  ["HARVEST_POLL_INTERVAL", "0", "must not be zero"],
  ["HARVEST_POLL_INTERVAL", "0s", "must not be zero"],
  ["DNS_POLL_INTERVAL", "0ms", "must not be zero"],
  ["LEASE_DURATION", "0", "must not be zero"],
  ["LEASE_DURATION", "200ms", "too short"],
  ["DELETE_EXISTING", "maybe", "neither true nor false"],
  ["DELETE_EXISTING", "off", "neither true nor false"],
  ["STRICT_ERROR_CHECKING", "2", "neither true nor false"],
  ["ENVIRONMENT", "Prod", "is not a name"],
  ["ENVIRONMENT", "prod-", "is not a name"],
  ["ENVIRONMENT", "prod.eu", "is not a name"],
  ["ENVIRONMENT", "p".repeat(48), "at most 47"],
  ["DEPLOY_TAG", "--upload-pack=x", "is not a git branch"],
  ["DEPLOY_TAG", "a..b", "is not a git branch"],
  ["DEPLOY_TAG", "a b", "is not a git branch"],
  ["CHART_PATH", "/powo", "must be relative"],
  ["CHART_PATH", "a/../../b", "must not contain .."],
  ["CHART_PATH", "C:\\powo", "must be relative"],
  ["CHART_SOURCE", "ext::sh -c x", "must not contain a space"],
  ["CHART_SOURCE", "ext::sh", "transport helper"],
  ["CHART_SOURCE", "-x", "must not begin with -"],
  ["CHART_SOURCE", "ftp://host/x", "ftp:// is unknown"],
  ["CHART_SOURCE", "https://", "is not a URL"],
  ["DATA_CONFIG_PATH", "file:///etc/passwd", "must begin with http"],
  ["DATA_CONFIG_PATH", "data.json", "must begin with http"],
  ["DATA_CONFIG_PATH", "https://host:99999/", "is not a URL"],
  ["DATA_CONFIG_PATH", "https://host/a b", "contains a space"],
  ["API_PREFIX", "ingress", "must begin with http"],
  ["API_PREFIX", "http://{service}", 'placeholder "{service}" is unknown'],
  ["API_PREFIX", "http://{namespace", "unmatched brace"],
  ["SITE_PREFIX", "http://{name}.x", 'placeholder "{name}" is unknown'],
  ["SITE_PREFIX", "http://{service}/?x=1", "must not contain"],
  ["API_URL", "harvester", "must begin with /"],
  ["JOB_LIST", ",", "write at least one"],
  ["JOB_LIST", "1,,2", "empty entry"],
  ["JOB_LIST", "1,2,1", "appears twice"],
  ["JOB_LIST", "1 2", "contains a space"],
  ["APPROVAL", "yes", "write auto, manual or auto-after:2h"],
  ["APPROVAL", "auto-after", "write auto, manual or auto-after:2h"],
  ["APPROVAL", "auto-after:soon", "is not a duration"],
  ["GATE_MIN_SHARES", "image=0.5", "is not a kind of taxon; did you mean images?"],
  ["GATE_MIN_SHARES", "images=half", "images: "],
  ["GATE_MIN_SHARES", "0.5", "is not a share; write images=0.8"],
  ["GATE_MIN_SHARE", "90%", "is not a number; write 0.9"],
  ["GATE_MIN_SHARE", "90", "is not between 0 and 10"],
  ["GATE_MIN_SHARE", "-1", "is not a number"],
  ["GATE_MIN_SHARE", "NaN", "is not a number"],
  ["HARVEST_JOB_RETRIES", "1.5", "is not a whole number"],
  ["HARVEST_JOB_RETRIES", "0x2", "is not a whole number"],
  ["DNS_DRAIN_TTLS", "two", "is not a number"],
  ["DNS_SWAP_TTL", "0", "must not be zero"],
  ["DNS_SWAP_TTL", "never", "is not a duration"],
  ["METRICS_PORT", "0", "is not between 1 and 65535"],
  ["METRICS_PORT", "70000", "is not between 1 and 65535"],
  ["METRICS_PORT", "http", "is not a whole number"],
  ["LOG_LEVEL", "verbose", "write trace, debug, info, warn or error"],
  ["LOG_FORMAT", "xml", "write pretty or json"],
  ["G_PROJECT", "my project", "is not a project id"],
  ["CLOUD_DNS_ENDPOINT", "dns:8080", "must begin with http"],
  ["NOTIFY_WEBHOOK_URL", "hooks.example/x", "must begin with http"],
  ["BUILDER_NAMESPACE", "Builder", "is not a name"],
  ["BUILDER_CONFIG", "/nowhere.yaml", "there is no file /nowhere.yaml"],
];

describe("what can't be right is one problem with its variable", () => {
  test.each(mistakes)("%s=%s: %s", (variable, value, said) => {
    const problems = problemsOf({ env: { [variable]: value } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${variable}  `));
    expect(problems[0]).toContain(said);
  });

  test("wrong values are problems for verbs that need few settings, too", () => {
    for (const [variable, value] of mistakes)
      expect(problemsOf({ env: { [variable]: value }, need: "state" })).toHaveLength(1);
  });

  test("all mistakes are told at once, with what is missing", () => {
    try {
      parseSettings({ HARVEST_TIMEOUT: "2 days", LEASE_DURATION: "0" }, () => undefined);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toHaveProperty("message", "configuration: 5 problems, nothing was touched");
      expect((error as ConfigError).problems).toContainEqual({
        where: "G_PROJECT",
        what: "missing; the Google Cloud project of the DNS zones",
      });
    }
  });

  test.each([
    [{ RELEASE_ROLE: "powo-builder-prod-release" }, "SERVICE_ACCOUNT  missing, and RELEASE_ROLE is set"],
    [{ SERVICE_ACCOUNT: "builder" }, "RELEASE_ROLE  missing, and SERVICE_ACCOUNT is set"],
  ])("one of the two settings of the rights in new namespaces is as good as a mistake: %j", (env, said) => {
    expect(problemsOf({ env })).toEqual([`${said}; set both or neither`]);
    const both = { RELEASE_ROLE: "role", SERVICE_ACCOUNT: "builder" };
    expect(problemsOf({ env: { ...both, ...env } })).toEqual([]);
    expect(
      problemsOf({ env: { SERVICE_ACCOUNT: "b" }, files: { "/config/builder.yaml": "releaseRole: r" } }),
    ).toEqual([]);
  });

  test("no problem quotes a secret or the credentials in a URL", () => {
    const secret = "hunter22secret";
    const env = {
      NOTIFY_WEBHOOK_URL: secret,
      DATA_CONFIG_PATH: `ftp://u:${secret}@host/`,
      CHART_SOURCE: `https://u:${secret}@host:99999/`,
      CLOUD_DNS_ENDPOINT: `http://${secret}@:1`,
      API_PREFIX: `http://u:${secret}@host/?`,
      SITE_PREFIX: `u:${secret}@host/{service}`,
    };
    const problems = problemsOf({ env });
    expect(problems).toHaveLength(6);
    expect(problems.join("\n")).not.toContain(secret);
  });

  test("a long value is quoted in part, on one line", () => {
    const [problem = ""] = problemsOf({ env: { ENVIRONMENT: `a\n${"x".repeat(5_000)}` } });
    expect(problem.length).toBeLessThan(200);
    expect(problem).not.toContain("\n");
  });
});

describe("verbs that only look at a run", () => {
  test("need neither data URL, project nor mappings", () => {
    const settings = parseSettings({ ENVIRONMENT: "uat" }, () => undefined, "state");
    expect(settings).toMatchObject({ environment: "uat", dataUrl: "", dns: { project: "" }, mappings: [] });
  });

  test("read what is there", () => {
    const settings = parseSettings({}, (path) => (path.includes("dns") ? mappingsYaml : undefined), "state");
    expect(settings.mappings).toHaveLength(1);
  });
});
