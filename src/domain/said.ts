/**
 * Keys under which words of people, pods and servers are kept. Every other text of our documents is a name, a time or a
 * keyword of the builder: it stays as it is, even if a password happens to be the same.
 */
const saidKeys: ReadonlySet<string> = new Set([
  ...["message", "details", "hint", "output", "reason", "reinstall", "description", "lines"],
  ...["by", "what", "why", "source", "from", "to"],
]);
/** Jobs that wait, with one of our own words as the reason. */
const ownWords = "queue";

/** The document with every text under these keys as `words` makes it. */
export function mapSaid<T>(document: T, words: (text: string) => string, keys = saidKeys): T {
  const map = (value: unknown, key = "", isSaid = false): unknown => {
    if (typeof value === "string") return isSaid ? words(value) : value;
    if (Array.isArray(value)) return value.map((item) => map(item, key, isSaid));
    if (typeof value !== "object" || value === null || key === ownWords) return value;
    const copy: Record<string, unknown> = { ...value };
    for (const name in copy) copy[name] = map(copy[name], name, keys.has(name));
    return copy;
  };
  return map(document) as T;
}
