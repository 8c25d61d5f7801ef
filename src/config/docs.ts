import { fileKeyOf, type SettingName, settingNames, settingOf } from "./settings-table.ts";

const intro = `# Configuration

<!-- Generated from src/config/settings-table.ts by \`npm run docs\`; edit the table, not this page. -->

Everything can be set by environment variables, and most of it in \`/config/builder.yaml\` as well; a variable wins
over the file. A variable that is empty counts as unset. All mistakes are reported at once, before anything is
touched, and the builder ends with exit code 2.

- **Durations** are written \`500ms\`, \`90s\`, \`20m\`, \`48h\`, \`7d\` or together, \`1h30m\`. A bare \`0\` is zero; any other
  number needs its unit.
- **Booleans** are \`true\`, \`false\`, \`yes\`, \`no\`, \`1\` or \`0\`, in any case. Anything else is an error, so that
  \`STRICT_ERROR_CHECKING: 'false'\` is not strict.
- **Secret** values never appear in logs, events, the state ConfigMap, process arguments or error texts. Of URLs
  marked _(credentials)_, what stands before \`@\` and in the query is secret.
`;

const files = `## /config/builder.yaml

The file may be absent; \`BUILDER_CONFIG\` names another place. Its keys are those of the tables above, and these:

\`\`\`yaml
dns: # the public names, as in dns-mappings.yaml
  - zone: prod-plantsoftheworld-online # managed zone in Cloud DNS
    name: prod.plantsoftheworld.online. # small letters, with the dot at the end
    service: ingress # label \`name\` of the Service in the release chart
gates:
  minShare: 0.9 # as GATE_MIN_SHARE
  sentinels: # as GATE_SENTINELS
    - urn:lsid:ipni.org:names:30000959-2
jobLists: ["1"] # as JOB_LIST
harvestTimeout: 48h
\`\`\`

A key that the builder doesn't know, or one that is there twice, is an error.

## /config/dns-mappings.yaml

The original's file of public names, with the same \`dns:\` list. Where the names come from, in this order: the file
that \`DNS_MAPPINGS_FILE\` names; \`dns:\` of builder.yaml; \`/config/dns-mappings.yaml\`. There must be at least one name,
and none twice.

## Another chart, or a private one

\`CHART_SOURCE\` is the public infrastructure repository unless you set it, which a fork or a private repository needs.
A private repository is read with \`GIT_SSH_KEY_FILE\` or \`GIT_TOKEN_FILE\`; neither key nor token ever becomes a
process argument. \`DEPLOY_TAG\` has no meaning for a local folder.
`;

/** The whole of docs/configuration.md, from the table of settings. */
export function configurationPage(): string {
  const groups = new Set(settingNames.map((name) => settingOf(name).group));
  const sections = [...groups].map((group) => {
    const names = settingNames.filter((name) => settingOf(name).group === group);
    const withoutEffect = names.every((name) => settingOf(name).ignored);
    return withoutEffect ? ignoredSection(group, names) : section(group, names);
  });
  return `${[intro, ...sections, files].join("\n").trimEnd()}\n`;
}

function section(group: string, names: readonly SettingName[]): string {
  const rows = names.map((name) => {
    const { type, description, environmentOnly } = settingOf(name);
    const key = environmentOnly ? "" : `\`${fileKeyOf(name)}\``;
    return `| \`${name}\` | ${key} | ${escaped(type)} | ${defaultOf(name)} | ${escaped(description)}${secrecy(name)} |`;
  });
  return [
    `## ${group}`,
    "",
    "| variable | in builder.yaml | value | default | |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function ignoredSection(group: string, names: readonly SettingName[]): string {
  const [first] = names;
  const description = first === undefined ? "" : settingOf(first).description;
  return `## ${group}\n\n${names.map((name) => `\`${name}\``).join(", ")}: ${description}\n`;
}

function defaultOf(name: SettingName): string {
  const setting = settingOf(name);
  if ("requiredElse" in setting) return "**required**";
  return setting.default === undefined ? "none" : `\`${setting.default}\``;
}

function secrecy(name: SettingName): string {
  const { secret } = settingOf(name);
  if (secret === undefined) return "";
  return secret === "whole" ? " _(secret)_" : " _(credentials)_";
}

/** Bars end a table's cell, and what stands in angle brackets would be taken for HTML. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
