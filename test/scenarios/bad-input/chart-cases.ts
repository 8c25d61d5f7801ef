/** What is in a chart. */
import { mkdir, open, rm, symlink, writeFile } from "node:fs/promises";
import { type BadInput, type Place, problem } from "./bench.ts";

const chart = (
  name: string,
  change: Parameters<Place["chart"]>[0],
  where: string,
  what: string,
): BadInput => ({ name, given: (place) => place.chart(change), says: problem(where, what) });
const template = (name: string, text: string | Uint8Array, where: string, what: string) =>
  chart(name, (at) => writeFile(at("templates/more.yaml"), text), where, what);

const owning = `apiVersion: apps/v1
kind: Deployment
metadata: {name: tuning}
spec:
  selector: {matchLabels: {app: tuning}}
  template:
    metadata: {labels: {app: tuning}}
    spec:
      initContainers: [{name: sysctl, image: x, securityContext: {privileged: true}}]
      containers: [{name: main, image: x}]
      volumes: [{name: host, hostPath: {path: /}}]`;
const owningHook = `apiVersion: batch/v1
kind: Job
metadata: {name: tuning-hook, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {restartPolicy: Never, hostNetwork: true, containers: [{name: main, image: x}]}}}`;
/** Nobody runs a chart's tests here. */
const owningTest = owningHook.replace("tuning-hook", "tuning-test").replace("pre-install", "test");

const gib = 1024 ** 3;
async function sparse(file: string): Promise<void> {
  const handle = await open(file, "w");
  await handle.truncate(gib);
  await handle.close();
}

export const chartCases: readonly BadInput[] = [
  chart("no Chart.yaml", (at) => rm(at("Chart.yaml")), "the chart", "has no Chart.yaml"),
  chart(
    "a Chart.yaml that is no YAML",
    (at) => writeFile(at("Chart.yaml"), "name: [powo"),
    "the chart",
    "Chart.yaml is not YAML",
  ),
  chart(
    "a Chart.yaml without a version",
    (at) => writeFile(at("Chart.yaml"), "apiVersion: v1\nname: powo\n"),
    "the chart",
    "Chart.yaml is not YAML with a name and a version",
  ),
  chart(
    "a version that is none",
    (at) => writeFile(at("Chart.yaml"), "apiVersion: v1\nname: powo\nversion: soon\n"),
    "the chart",
    "version",
  ),
  chart(
    "values that are no YAML",
    (at) => writeFile(at("values.yaml"), "images: [\n"),
    "the chart",
    "values.yaml",
  ),
  chart(
    "values of the environment that are no YAML",
    (at) => writeFile(at("prod.yaml"), "a: [b\n"),
    "the chart",
    "prod.yaml",
  ),
  template("a template with an open brace", "{{ if }}", "the chart", "more.yaml"),
  template(
    "a template that asks for what isn't there",
    "{{ .Values.nothing.here }}",
    "the chart",
    "more.yaml",
  ),
  template(
    "a template that fails on purpose",
    '{{ fail "set images.portal" }}',
    "the chart",
    "set images.portal",
  ),
  template("a template that renders no YAML", "a: [1\n", "the chart", "more.yaml"),
  template("an object without a kind", "apiVersion: v1\nmetadata: {name: x}\n", "the chart", "kind"),
  template("an object without a name", "apiVersion: v1\nkind: ConfigMap\n", "the chart", "name"),
  template(
    "a dependency on the cluster",
    '{{ if not (lookup "v1" "Namespace" "" "kube-system") }}{{ fail "needs a cluster" }}{{ end }}',
    "the chart",
    "needs a cluster",
  ),
  chart(
    "a mapped service left out",
    (at) => writeFile(at("prod.yaml"), "colplanta: {enabled: false}\ncolfungi: {enabled: true}\n"),
    'dns[1].service "ingress-colplanta"',
    "no such Service",
  ),
  {
    name: "two mapped services left out",
    given: (place) => place.chart((at) => writeFile(at("prod.yaml"), "{}\n")),
    says: [
      ['dns[1].service "ingress-colplanta"', "no such Service"],
      ['dns[2].service "ingress-colfungi"', "no such Service"],
    ],
  },
  template(
    "a second Service that bears a mapped one's name",
    "apiVersion: v1\nkind: Service\nmetadata: {name: mirror, labels: {name: ingress}}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n",
    'dns[0].service "ingress"',
    "matches several Services of the chart: ",
  ),
  {
    name: "pods and hooks that could own a node",
    given: (place) =>
      place.chart((at) =>
        writeFile(at("templates/more.yaml"), `${owning}\n---\n${owningHook}\n---\n${owningTest}\n`),
      ),
    says: [
      ["the chart's Deployment tuning", "init container sysctl: securityContext.privileged true violates"],
      ["the chart's Deployment tuning", "pod: volumes.hostPath {…} violates Pod Security's baseline"],
      ["the chart's Job tuning-hook", "pod: hostNetwork true violates"],
    ],
  },
  {
    name: "no service with an address",
    given: (place) =>
      place.chart((at) =>
        writeFile(
          at("templates/services.yaml"),
          '{{- range list "ingress" "ingress-colplanta" "ingress-colfungi" }}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: {{ . }}}\nspec: {ports: [{port: 80}]}\n{{- end }}\n',
        ),
      ),
    says: [
      ['dns[0].service "ingress"', "LoadBalancer"],
      ['dns[1].service "ingress-colplanta"', "LoadBalancer"],
      ['dns[2].service "ingress-colfungi"', "LoadBalancer"],
    ],
  },
  chart(
    "a link out of the tree",
    (at) => symlink("/etc/passwd", at("templates/passwd.yaml")),
    "the chart",
    "points outside the chart",
  ),
  chart(
    "a link to a secret beside it",
    async (at) => {
      await writeFile(at("../../beside.yaml"), "x");
      await symlink("../../beside.yaml", at("beside.yaml"));
    },
    "the chart",
    "points outside the chart",
  ),
  chart(
    "a link that leads nowhere",
    (at) => symlink("nowhere.yaml", at("templates/gone.yaml")),
    "the chart",
    "points to nothing",
  ),
  chart("links in a circle", (at) => symlink("..", at("templates/up")), "the chart", "is circular"),
  chart("1 GiB", (at) => sparse(at("dump.sql")), "CHART_SOURCE", "200 MiB"),
  chart(
    "a dependency that was not fetched",
    (at) =>
      writeFile(
        at("Chart.yaml"),
        "apiVersion: v2\nname: powo\nversion: 0.1.0\ndependencies: [{name: solr, version: 1.0.0, repository: https://charts.example}]\n",
      ),
    "the chart",
    "dependencies",
  ),
  {
    name: "the folder itself a link out of the source",
    given: async ({ dir, chart: copy }) => {
      const env = await copy(async () => undefined);
      await mkdir(`${dir}/other`);
      await symlink(`${dir}/other`, `${dir}/source/elsewhere`);
      return { ...env, CHART_PATH: "elsewhere" };
    },
    says: problem("CHART_PATH", "points outside"),
  },
];

/** Takes ten seconds. */
export const slowCases: readonly BadInput[] = [
  template(
    "64 MiB of objects",
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {x: {{ repeat 70000000 "x" | quote }}}\n',
    "the chart",
    "64 MiB",
  ),
];
