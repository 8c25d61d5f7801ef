/** Fills `{namespace}` and `{service}` into a setting's URL. */
export function fillPlaceholders(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Puts the parts of a URL together with exactly one slash in between. */
export function joinUrl(prefix: string, ...paths: readonly string[]): string {
  const parts = paths.map((path) => path.replace(/^\/+|\/+$/g, "")).filter((path) => path !== "");
  return [prefix.replace(/\/+$/, ""), ...parts].join("/");
}
