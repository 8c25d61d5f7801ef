/** builder.yaml, dns-mappings.yaml and the secrets file. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type BadInput, problem, withSettings } from "./bench.ts";

const builder = (name: string, text: string | Uint8Array, says: BadInput["says"]): BadInput => ({
  name: `builder.yaml: ${name}`,
  given: (place) => place.builderYaml(text),
  says,
});
const dns = (name: string, text: string, says: BadInput["says"]): BadInput => ({
  name: `dns-mappings.yaml: ${name}`,
  given: (place) => place.mappings(text),
  says,
});
const entry = (zone: string, name: string, service: string) =>
  `- {zone: ${zone}, name: "${name}", service: ${service}}\n`;
const zone = "prod-plantsoftheworld-online";
const site = "prod.plantsoftheworld.online.";

export const fileCases: readonly BadInput[] = [
  withSettings(
    "builder.yaml: is missing where it is named",
    { BUILDER_CONFIG: "/nowhere.yaml" },
    problem("BUILDER_CONFIG", "there is no file"),
  ),
  {
    name: "builder.yaml: is a folder",
    given: async ({ dir }) => {
      await mkdir(path.join(dir, "builder.yaml"));
      return { BUILDER_CONFIG: path.join(dir, "builder.yaml") };
    },
    says: problem("builder.yaml", "is a folder"),
  },
  builder("a mistyped key", "harvestTimeot: 1h", problem("builder.yaml", "did you mean harvestTimeout")),
  builder("three mistakes at once", "harvestTimeot: 1h\napprovalTimeout: 5\ngates: {minShare: many}\n", [
    ["builder.yaml", "harvestTimeot is not a setting"],
    ["builder.yaml", "approvalTimeout"],
    ["builder.yaml", "gates.minShare"],
  ]),
  builder(
    "a key twice",
    "logLevel: info\nlogLevel: debug",
    problem("builder.yaml", "line 2: this key appears twice"),
  ),
  builder("a list", "- a", problem("builder.yaml", "must hold a mapping")),
  builder("broken YAML", "dns: [1, 2", problem("builder.yaml", "line 1")),
  builder("UTF-16", Buffer.from("\uFEFFlogLevel: info", "utf16le"), problem("builder.yaml", "is not UTF-8")),
  builder("Latin-1", Buffer.from("logLevel: inf\xf6", "latin1"), problem("builder.yaml", "is not UTF-8")),
  builder(
    "a picture",
    Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
    problem("builder.yaml", "is not UTF-8"),
  ),
  builder("a flood", "#".repeat(300_000), problem("builder.yaml", "is larger than 256 KiB")),
  builder(
    "a bomb of aliases",
    `a: &a [${"x,".repeat(9)}]\n${Array.from("bcdefgh")
      .map((name, index) => `${name}: &${name} [${`*${"abcdefgh".charAt(index)},`.repeat(9)}]`)
      .join("\n")}`,
    problem("builder.yaml", "Excessive alias count"),
  ),
  withSettings(
    "dns-mappings.yaml: is missing",
    { DNS_MAPPINGS_FILE: "/nowhere/dns-mappings.yaml" },
    problem("/nowhere/dns-mappings.yaml", "there is no such file"),
  ),
  dns("is empty", "", problem("dns-mappings.yaml", "dns is missing")),
  dns("lists nothing", "dns: []", problem("dns-mappings.yaml", "is empty")),
  dns("is text", "hello", problem("dns-mappings.yaml", "must hold a mapping")),
  dns(
    "a name without a dot at its end",
    `dns:\n${entry(zone, site.slice(0, -1), "ingress")}`,
    problem("dns-mappings.yaml", "must end with a dot"),
  ),
  dns(
    "a name in capitals",
    `dns:\n${entry(zone, "Prod.plantsoftheworld.online.", "ingress")}`,
    problem("dns-mappings.yaml", "must be in lower case"),
  ),
  dns(
    "a name of Cyrillic letters",
    `dns:\n${entry(zone, "рrod.plantsoftheworld.online.", "ingress")}`,
    problem("dns-mappings.yaml", "is not a host name"),
  ),
  dns(
    "a name twice",
    `dns:\n${entry(zone, site, "ingress")}${entry(zone, site, "ingress-colfungi")}`,
    problem("dns-mappings.yaml", "appears twice"),
  ),
  dns(
    "a wildcard",
    `dns:\n${entry(zone, `*.${site}`, "ingress")}`,
    problem("dns-mappings.yaml", "is not a host name"),
  ),
  dns("entries without zone and service", `dns:\n- {name: ${site}}\n`, [
    ["dns-mappings.yaml", "dns[0].zone is missing"],
    ["dns-mappings.yaml", "dns[0].service is missing"],
  ]),
  dns(
    "a zone that is a host name",
    `dns:\n${entry("plantsoftheworld.online.", site, "ingress")}`,
    problem("dns-mappings.yaml", "is not the name of a managed zone"),
  ),
  dns(
    "a zone that Cloud DNS does not have",
    `dns:\n${entry("prod-elsewhere", site, "ingress")}`,
    problem('zone "prod-elsewhere"', "no such managed zone"),
  ),
  dns(
    "a name of another zone",
    `dns:\n${entry(zone, "www.example.org.", "ingress")}`,
    problem('name "www.example.org."', "is not in zone"),
  ),
  dns(
    "a name that only ends alike",
    `dns:\n${entry(zone, "xprod.plantsoftheworld.online.", "ingress")}`,
    problem('name "xprod.plantsoftheworld.online."', "is not in zone"),
  ),
  dns(
    "a service that the chart does not have",
    `dns:\n${entry(zone, site, "ingres")}`,
    problem('dns[0].service "ingres"', "no such Service"),
  ),
  dns(
    "a service without an address",
    `dns:\n${entry(zone, site, "portal")}`,
    problem('dns[0].service "portal"', "LoadBalancer"),
  ),
  dns(
    "four mistakes that only the outside knows",
    `dns:\n${entry("prod-elsewhere", site, "ingres")}${entry(zone, "www.example.org.", "portal")}`,
    [
      ['zone "prod-elsewhere"', "no such managed zone"],
      ['dns[0].service "ingres"', "no such Service"],
      ['name "www.example.org."', "is not in zone"],
      ['dns[1].service "portal"', "LoadBalancer"],
    ],
  ),
];

const secrets = (name: string, text: string | Uint8Array, what: string): BadInput => ({
  name: `the secrets file ${name}`,
  given: (place) => place.secrets(text),
  says: problem("SECRETS_FILE", what),
});

export const secretsCases: readonly BadInput[] = [
  withSettings(
    "the secrets file is missing",
    { SECRETS_FILE: "/nowhere/secrets.yaml" },
    problem("SECRETS_FILE", "there is no such file"),
  ),
  {
    name: "the secrets file is a folder",
    given: async ({ dir }) => ({ SECRETS_FILE: dir }),
    says: problem("SECRETS_FILE", "is a folder"),
  },
  {
    name: "the secrets file and the chart are missing",
    given: () => ({ SECRETS_FILE: "/nowhere/secrets.yaml", CHART_SOURCE: "/nowhere/charts" }),
    says: [
      ["SECRETS_FILE", "there is no such file"],
      ["CHART_SOURCE", "there is no folder"],
    ],
  },
  secrets("is empty", "", "is not a mapping"),
  secrets("is a list", "- canary-list", "is not a mapping"),
  secrets("is not YAML", "password: {db: canary-broken, [", "not YAML"),
  secrets("has a key twice", "password: canary-one\npassword: canary-two", "has a key twice (line 2)"),
  secrets("is binary", Buffer.from("0001ff63616e6172792d62696e617279", "hex"), "is not UTF-8"),
  secrets("is too large", `a: ${"canary-flood ".repeat(90_000)}`, "is larger than 1 MiB"),
  {
    name: "the secrets file lacks a password",
    given: (place) => place.secrets("password: {harvester: canary-alone}"),
    says: problem("the chart", "password.db is required"),
  },
  {
    name: "the secrets file can't be read",
    given: async ({ file }) => ({ SECRETS_FILE: `${await file("secrets.yaml", "a: 1")}/below` }),
    says: problem("SECRETS_FILE", "there is no such file"),
  },
];
