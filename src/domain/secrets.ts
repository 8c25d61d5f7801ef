/** Which values of a secrets file can be hidden at all. */

const minLength = 4;
const common = new Set(["true", "false", "null", "admin", "password"]);

/** Whether a text can be hidden: hiding short texts or everyday words would make the log unreadable. */
export function canHide(text: string, environment?: string): boolean {
  const word = text.trim().toLowerCase();
  return word.length >= minLength && !common.has(word) && word !== environment?.toLowerCase();
}

/** Every text and number in a tree of values with its path, such as `password.db`. */
export function* leavesOf(
  value: unknown,
  path = "",
  seen = new Set<object>(),
): Generator<[path: string, leaf: string | number | bigint]> {
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    yield [path, value];
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  for (const [key, inner] of Object.entries(value))
    yield* leavesOf(inner, path === "" ? key : `${path}.${key}`, seen);
}
