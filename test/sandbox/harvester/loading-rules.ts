/** What the real harvester and its database (MySQL, MyISAM, utf8 of three bytes) make of an entry of a document. */
import type { DataConfiguration, JobConfiguration, Organisation } from "./data-configuration.ts";

/** `refused`: the database does not take it, which the harvester calls "already loaded"; `broken`: it stumbles, a 500. */
export type Verdict = "taken" | "refused" | "broken";

const maxText = 255;
const isMissing = (value: unknown) => value === undefined || value === null || value === "";
const asText = (value: unknown) => (typeof value === "string" ? value : "");
const isLong = (value: unknown) => asText(value).length > maxText;
const isWide = (value: unknown) => /[\u{10000}-\u{10FFFF}]/u.test(asText(value));
/** Case and blanks at the end don't count in an index. */
export const indexed = (identifier: string): string => identifier.trimEnd().toLowerCase();

/** Judges entry after entry; remembers the identifiers that were stored. */
export class LoadingRules {
  readonly #seen = new Map<string, Set<string>>();

  organisation(entry: Organisation): Verdict {
    const { identifier, title, abbreviation, description } = entry;
    const resources = entry.resources as Organisation["resources"] | undefined;
    if (!resources || isMissing(title) || isMissing(abbreviation)) return "broken";
    if ([title, abbreviation].some(isLong) || [identifier, title, abbreviation, description].some(isWide))
      return "refused";
    if (!this.#isNew("organisation", identifier)) return "refused";
    for (const { identifier: name, title: text, uri, resourceType } of resources) {
      if ([text, uri, resourceType].some(isMissing)) return "broken";
      if ([text, uri, resourceType].some(isLong) || [name, text, uri].some(isWide)) return "refused";
      if (!this.#isNew("resource", name)) return "refused";
    }
    return "taken";
  }

  job({ identifier, description, ...entry }: JobConfiguration): Verdict {
    const parameters = entry.parameters as JobConfiguration["parameters"] | undefined;
    if (!parameters || "id" in entry) return "broken";
    if ([identifier, description, ...Object.entries(parameters).flat()].some(isWide)) return "refused";
    return this.#isNew("job", identifier) ? "taken" : "refused";
  }

  list({ identifier, description, ...entry }: DataConfiguration["jobLists"][number]): Verdict {
    if (isMissing(description) || "id" in entry) return "broken";
    if (isLong(description) || [identifier, description].some(isWide)) return "refused";
    return this.#isNew("list", identifier) ? "taken" : "refused";
  }

  #isNew(kind: string, identifier: string): boolean {
    const seen = this.#seen.get(kind) ?? new Set();
    this.#seen.set(kind, seen);
    if (seen.has(indexed(identifier))) return false;
    seen.add(indexed(identifier));
    return true;
  }
}
