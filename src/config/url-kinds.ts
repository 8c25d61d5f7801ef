import type { Kind, Parsed } from "./setting.ts";
import { quote } from "./setting.ts";

// Problems of this file never show a whole URL: it may hold credentials.

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, "");
}

/** Why `text` is no http(s) URL, if it isn't. */
function urlProblem(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text)) return "must begin with http:// or https://; write https://…";
  if (/\s/.test(text)) return "has a space in it; write %20";
  if (!URL.canParse(text)) return "is not a URL; check the host name and port";
  return undefined;
}

/** An http or https URL; kept as written but for slashes at the end where `base` says so. */
export function urlKind({ base }: { base: boolean }): Kind<string> {
  return {
    type: "http(s) URL",
    parse: (text) => {
      const problem = urlProblem(text);
      return problem === undefined ? { value: base ? withoutSlash(text) : text } : { problem };
    },
  };
}

/** An http or https URL in which some words in braces are filled in later. */
export function urlTemplateKind(placeholders: readonly string[]): Kind<string> {
  const known = placeholders.map((name) => `{${name}}`);
  return {
    type: `http(s) URL, may hold ${known.join(", ")}`,
    parse: (text) => {
      const unknown = (text.match(/\{[^{}]*\}/g) ?? []).find((found) => !known.includes(found));
      if (unknown !== undefined) {
        return { problem: `placeholder ${quote(unknown)} is unknown; write ${known.join(" or ")}` };
      }
      const filled = text.replaceAll(/\{[^{}]*\}/g, "x");
      if (/[{}]/.test(filled))
        return { problem: `has a brace without its partner; write ${known.join(" or ")}` };
      const problem =
        urlProblem(filled) ?? (/[?#]/.test(filled) ? "must end before any ? or #; take them off" : undefined);
      return problem === undefined ? { value: withoutSlash(text) } : { problem };
    },
  };
}

/** A path that a base URL is followed by: begins with a slash, ends without. */
export const urlPathKind: Kind<string> = {
  type: "URL path",
  parse: (text) => {
    if (!text.startsWith("/")) return { problem: `${quote(text)} must begin with /; write /harvester/api/1` };
    if (/[\s?#]/.test(text)) return { problem: `${quote(text)} must hold no space, ? or #; take them out` };
    return { value: withoutSlash(text) };
  },
};

const gitSchemes = ["https", "http", "ssh", "git", "git+ssh", "git+https", "file", "oci"];

/** A git URL, `oci://…` or a local folder. What git would take for an option or a command is refused. */
export const chartSourceKind: Kind<string> = {
  type: "git URL, oci:// reference or local folder",
  parse: (text): Parsed<string> => {
    if (text.startsWith("-")) return { problem: "must not begin with -; write ./-… for a folder" };
    if (/[\s\0]/.test(text)) return { problem: "must hold no space; write %20 in a URL" };
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
    if (scheme === undefined && /^[a-z0-9+.-]+::/i.test(text)) {
      return { problem: "names a git transport helper; write an https:// or ssh:// URL" };
    }
    if (scheme !== undefined && !gitSchemes.includes(scheme)) {
      return { problem: `${scheme}:// is unknown; write https://, ssh://, oci:// or a local folder` };
    }
    if ((scheme === "https" || scheme === "http") && !URL.canParse(text)) {
      return { problem: "is not a URL; check the host name and port" };
    }
    return { value: text };
  },
};

/** A path inside the chart source. */
export const insidePathKind: Kind<string> = {
  type: "relative path",
  parse: (text) => {
    if (text.startsWith("/") || /^[a-z]:[\\/]/i.test(text)) {
      return { problem: `${quote(text)} must be relative to CHART_SOURCE; write powo` };
    }
    if (text.split(/[\\/]/).includes("..")) return { problem: `${quote(text)} must not hold ..; write powo` };
    if (text.startsWith("-")) return { problem: `${quote(text)} must not begin with -; write powo` };
    return { value: withoutSlash(text) };
  },
};
