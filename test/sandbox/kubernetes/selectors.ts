/** Label and field selectors, as text of a query and as the selectors inside objects. */
import { badRequest } from "./errors.ts";
import type { KubeObject, Loose } from "./types.ts";

export type Predicate = (object: KubeObject) => boolean;

/** Splits at commas that are not inside parentheses. */
const terms = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter(Boolean);

/** Compiles `a=b,c!=d,e in (f,g),h,!i`. */
export function labelSelector(text: string | null): Predicate {
  const tests = terms(text ?? "").map((term): ((labels: Record<string, string>) => boolean) => {
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
    if (set) {
      const [, key = "", operator, list = ""] = set;
      const values = list.split(",").map((value) => value.trim());
      return operator === "in"
        ? (labels) => key in labels && values.includes(labels[key]!)
        : (labels) => !(key in labels && values.includes(labels[key]!));
    }
    const comparison = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(term);
    if (comparison) {
      const [, key = "", operator, value = ""] = comparison;
      return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
    }
    if (/\s/.test(term)) throw badRequest(`unable to parse requirement: found '${term}'`);
    return term.startsWith("!") ? (labels) => !(term.slice(1).trim() in labels) : (labels) => term in labels;
  });
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

const selectable: Record<string, RegExp> = {
  Pod: /^(spec\.(nodeName|restartPolicy|schedulerName|serviceAccountName|hostNetwork)|status\.(phase|podIP|nominatedNodeName))$/,
  Event: /^(involvedObject\.\w+|regarding\.\w+|reason|reportingComponent|reportingController|source|type)$/,
  Secret: /^type$/,
  Namespace: /^status\.phase$/,
  Node: /^spec\.unschedulable$/,
  Job: /^status\.successful$/,
  Service: /^spec\.(type|clusterIP)$/,
  ReplicaSet: /^status\.replicas$/,
};

/** Compiles `metadata.name=a,status.phase!=Running`; fields a kind cannot select by are refused. */
export function fieldSelector(text: string | null, kind: string): Predicate {
  const tests = terms(text ?? "").map((term): Predicate => {
    const [, path = "", operator, value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? [];
    if (!operator) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
    if (!/^metadata\.(name|namespace)$/.test(path) && !selectable[kind]?.test(path)) {
      throw badRequest(
        kind in selectable
          ? `field label not supported: ${path}`
          : `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
      );
    }
    return (object) => (fieldAt(object, path) === value) === (operator !== "!=");
  });
  return (object) => tests.every((test) => test(object));
}

function fieldAt(object: KubeObject, path: string): string {
  const aliases: Record<string, string> = {
    source: "source.component",
    reportingController: "reportingComponent",
  };
  let value: Loose = object;
  for (const part of (aliases[path] ?? path.replace(/^regarding\./, "involvedObject.")).split("."))
    value = value?.[part];
  return value === undefined || value === null ? "" : String(value);
}

/** Whether a plain map of labels (a Service's selector) matches; an empty one matches nothing. */
export function mapMatches(selector: Record<string, string> | undefined, object: KubeObject): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => object.metadata.labels?.[key] === value);
}

/** Whether a LabelSelector object (matchLabels, matchExpressions) matches. */
export function selectorMatches(selector: Loose, object: KubeObject): boolean {
  const labels = object.metadata.labels ?? {};
  const expressions = (selector?.matchExpressions ?? []) as {
    key: string;
    operator: string;
    values?: string[];
  }[];
  const holds = ({ key, operator, values = [] }: (typeof expressions)[number]): boolean => {
    if (operator === "Exists") return key in labels;
    if (operator === "DoesNotExist") return !(key in labels);
    const listed = key in labels && values.includes(labels[key]!);
    return operator === "In" ? listed : !listed;
  };
  const exact = Object.entries((selector?.matchLabels ?? {}) as Record<string, string>);
  return exact.every(([key, value]) => labels[key] === value) && expressions.every(holds);
}
