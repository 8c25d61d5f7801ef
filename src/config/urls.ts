/** URLs and paths of settings. No problem shows a whole URL: it may hold credentials. */
import { checked, quote } from "./values.ts";

const withoutSlash = (given: string) => given.replace(/\/+$/, "");

function urlProblem(given: string): string | undefined {
  if (!/^https?:\/\//i.test(given)) return "must begin with http:// or https://; write https://…";
  if (/\s/.test(given)) return "contains a space; write %20";
  if (!URL.canParse(given)) return "is not a URL; check the host name and port";
  return undefined;
}

const meta = { title: "http(s) URL", pattern: "^https?://.+" };

/** An http or https URL, as written. */
export const url = checked(urlProblem).meta(meta);

/** An http or https URL that paths are appended to. */
export const baseUrl = url.transform(withoutSlash).meta(meta);

/** An http or https URL in which some words in braces are filled in later. */
export function urlTemplate(...placeholders: readonly string[]) {
  const known = placeholders.map((name) => `{${name}}`);
  return checked((given) => {
    const unknown = (given.match(/\{[^{}]*\}/g) ?? []).find((found) => !known.includes(found));
    if (unknown !== undefined) return `placeholder ${quote(unknown)} is unknown; write ${known.join(" or ")}`;
    const filled = given.replaceAll(/\{[^{}]*\}/g, "x");
    if (/[{}]/.test(filled)) return `has an unmatched brace; write ${known.join(" or ")}`;
    return urlProblem(filled) ?? (/[?#]/.test(filled) ? "must not contain ? or #; remove them" : undefined);
  })
    .transform(withoutSlash)
    .meta({ ...meta, title: `http(s) URL, may hold ${known.join(", ")}` });
}

/** A path that a base URL is followed by: begins with a slash, ends without. */
export const urlPath = checked((given) => {
  if (!given.startsWith("/")) return `${quote(given)} must begin with /; write /harvester/api/1`;
  return /[\s?#]/.test(given) ? `${quote(given)} must not contain a space, ? or #; remove them` : undefined;
})
  .transform(withoutSlash)
  .meta({ title: "URL path", pattern: "^/" });

const gitSchemes = ["https", "http", "ssh", "git", "git+ssh", "git+https", "file", "oci"];

/** A git URL, `oci://…` or a local folder. What git would take for an option or a command is refused. */
export const chartSource = checked((given) => {
  if (given.startsWith("-")) return "must not begin with -; write ./-… for a folder";
  if (/[\s\0]/.test(given)) return "must not contain a space; write %20 in a URL";
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme === undefined)
    return /^[a-z0-9+.-]+::/i.test(given)
      ? "names a git transport helper; write an https:// or ssh:// URL"
      : undefined;
  if (!gitSchemes.includes(scheme))
    return `${scheme}:// is unknown; write https://, ssh://, oci:// or a local folder`;
  if (/^https?$/.test(scheme) && !URL.canParse(given)) return "is not a URL; check the host name and port";
  return undefined;
}).meta({ title: "git URL, oci:// reference or local folder" });

/** A path inside the chart source. */
export const insidePath = checked((given) => {
  if (given.startsWith("/") || /^[a-z]:[\\/]/i.test(given))
    return `${quote(given)} must be relative to CHART_SOURCE; write powo`;
  if (given.split(/[\\/]/).includes("..")) return `${quote(given)} must not contain ..; write powo`;
  return given.startsWith("-") ? `${quote(given)} must not begin with -; write powo` : undefined;
})
  .transform(withoutSlash)
  .meta({ title: "relative path" });
