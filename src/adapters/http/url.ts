/** Fills `{namespace}` and `{service}` into a setting's URL. */
export function fillPlaceholders(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
