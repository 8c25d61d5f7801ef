/** What happened to a fake world, in order: every effect that any builder began, and what became of it. */

export interface EffectRecord {
  /** Which builder, and its how many-th effect it was (from 0). */
  builder: string;
  index: number;
  /** `port.method`. */
  name: string;
  args: readonly unknown[];
  /** Milliseconds since the epoch. */
  at: number;
  outcome: "under way" | "done" | "failed" | "never began" | "unanswered";
}

/** `dns.change`, with what tells this call from others of its name. */
export function describeEffect({ builder, index, name, args, outcome }: EffectRecord): string {
  const [first] = args;
  const text =
    typeof first === "string"
      ? first
      : ((first as { name?: string; event?: string } | undefined)?.name ?? "");
  return `${builder} #${index} ${name} ${text} (${outcome})`;
}
