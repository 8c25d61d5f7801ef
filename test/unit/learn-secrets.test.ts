import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compose } from "../../src/compose.ts";
import { rowOf, settingNames } from "../../src/config/table.ts";
import { createRedactor, type Redactor } from "../../src/redaction.ts";
import { learnSecrets } from "../../src/learn-secrets.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { read } from "./config/read.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "secrets-"));
});
afterAll(() => removeFolder(dir));

async function taught(env: Record<string, string>, builderYaml = ""): Promise<Redactor> {
  const redactor = createRedactor();
  await learnSecrets(redactor, read({ env, files: { "/config/builder.yaml": builderYaml } }), env);
  return redactor;
}

describe("a setting that is secret", () => {
  const login = "https://bot:canary-1%20x@host.example";
  const givens: Record<string, [given: string, secret: string]> = {
    DATA_CONFIG_PATH: [`${login}/data.json?sig=canary-2`, "canary-2"],
    CHART_SOURCE: [`${login}/chart.git`, "canary-1 x"],
    API_PREFIX: ["http://bot:canary-1@harvester.{namespace}.svc", "canary-1"],
    API_PASSWORD: ["canary-1", "canary-1"],
    SITE_PREFIX: ["http://bot:can%7Bary%7D@{service}.{namespace}.svc", "can{ary}"],
    CLOUD_DNS_ENDPOINT: [login, "canary-1%20x"],
    NOTIFY_WEBHOOK_URL: ["https://hooks.example/canary-1", "https://hooks.example/canary-1"],
    HTTPS_PROXY: ["http://bot:canary-1@proxy.example:3128", "canary-1"],
    HTTP_PROXY: ["bot:canary-1@proxy.example:3128", "canary-1"],
  };

  it("is in this table, whatever the settings say is secret", () => {
    expect(settingNames.filter((name) => rowOf(name).secret)).toEqual(Object.keys(givens));
  });

  it.each(Object.entries(givens))("is known to the redactor: %s", async (name, [given, secret]) => {
    const { redact } = await taught({ [name]: given });
    expect(redact(`before ${secret} after`)).toBe("before *** after");
    expect(redact("bot at proxy.example and host.example")).toBe("bot at proxy.example and host.example");
  });

  it("is known when it comes from builder.yaml, or by a proxy's name in small letters", async () => {
    const { redact } = await taught(
      { https_proxy: "http://token-1234@proxy.example" },
      "apiPassword: canary-1\nnotifyWebhookUrl: https://hooks.example/canary-2\n",
    );
    expect(redact("canary-1 https://hooks.example/canary-2 token-1234")).toBe("*** *** ***");
  });

  it("is no secret where it is a default", async () => {
    const { redact } = await taught({});
    const text = "password admin http://ingress.prod.svc.cluster.local git@github.com";
    expect(redact(text)).toBe(text);
  });
});

describe("the harvester's password", () => {
  const yaml = "apiPassword: from-yaml\n";
  it.each([
    ["the environment", { API_PASSWORD: "from-env" }, yaml, "password: {harvester: from-file}", "from-env"],
    ["builder.yaml", {}, yaml, "password: {harvester: from-file}", "from-yaml"],
    [
      "builder.yaml, though it is the default",
      {},
      "apiPassword: password",
      "password: {harvester: x}",
      "password",
    ],
    ["the secrets file", {}, "", "password: {harvester: from-file}", "from-file"],
    ["the secrets file as a number", {}, "", "password: {harvester: 12345678}", "12345678"],
    ["the default", {}, "", "password: {db: x}", "password"],
  ])("is that of %s", async (_, env, builderYaml, secrets, password) => {
    const kubeconfig = path.join(dir, "kubeconfig");
    const secretsFile = path.join(dir, "secrets.yaml");
    await writeFile(secretsFile, secrets);
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
        users: [{ name: "u", user: {} }],
        contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace: "builder-prod" } }],
        "current-context": "c",
      }),
    );
    const settings = read({
      env: { ...env, SECRETS_FILE: secretsFile, KUBECONFIG: kubeconfig },
      files: { "/config/builder.yaml": builderYaml },
    });
    const { world, dispose } = await compose({
      ...{ settings, env, version: "0.0.0", color: false, redactor: createRedactor() },
      write: () => undefined,
    });
    dispose();
    expect(world.settings.harvester.password).toBe(password);
  });
});
