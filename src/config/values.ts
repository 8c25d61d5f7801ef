/** What a setting may hold: zod schemas from text to value, whose problems complete `HARVEST_TIMEOUT …`. */
import * as z from "zod";
import { taxonKinds } from "../domain/gate.ts";
import { didYouMean } from "../domain/nearest.ts";
import { durationPattern, parseDuration, suggestDuration } from "./duration.ts";

/** From text to value. `meta` holds its JSON schema for the chart; the title tells people how the value is written. */
export type Value<T = unknown> = z.ZodType<T, string>;

/** A text as it may be shown in a problem: short and on one line. */
export function quote(value: string): string {
  const short = value.length > 60 ? `${value.slice(0, 57)}…` : value;
  return JSON.stringify(short);
}

/** The first thing that is wrong, after the key that it is wrong with. */
export function problemOf({ issues: [issue] }: z.ZodError): string {
  return [...(issue?.path ?? []), issue?.message].join(": ");
}

const quoting = (what: string) => ({
  error: ({ input }: { input?: unknown }) => `${quote(String(input))} ${what}`,
});

function fail(context: z.RefinementCtx, problem: string): never {
  context.addIssue(problem);
  return z.NEVER;
}

export const text = z
  .string({
    error: ({ input }) =>
      input === undefined ? "is missing; add it" : "must be text; see docs/configuration.md",
  })
  .meta({ title: "text" });

/** Text that matches a pattern; `wanted` completes "is not …" and says after a semicolon what to do. */
export function matching(title: string, pattern: RegExp, wanted: `${string}; ${string}`) {
  return text.regex(pattern, quoting(`is not ${wanted}`)).meta({ title });
}

/** Text that `problemIn` finds nothing wrong with. */
export const checked = (problemIn: (given: string) => string | undefined) =>
  text.superRefine((given, context) => {
    const problem = problemIn(given);
    if (problem !== undefined) context.addIssue(problem);
  });

/** A name of at most `max` letters, digits and dashes. */
export function label(title: string, max: number, example: string, kind = "a name") {
  const wrong = quoting(`is not ${kind} of at most ${max} of a-z, 0-9 and -; write ${example}`);
  return text
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, wrong)
    .max(max, wrong)
    .meta({ title: `${title} of at most ${max} letters` });
}

export const path = matching("path", /^[^\0]+$/, "a path; write one like /config/builder.yaml");

/** A duration, rounded up to a multiple of `unitMs`; `min` and `max` are written as durations. */
export function duration({ min = "0s", max = "366d", unitMs = 1 } = {}) {
  const [minMs = 0, maxMs = 0] = [parseDuration(min), parseDuration(max)];
  const bounds = [minMs > 0 ? `, at least ${min}` : "", max === "366d" ? "" : `, at most ${max}`];
  return text
    .transform((given, context) => {
      const ms = parseDuration(given);
      if (ms === undefined) {
        const suggestion = suggestDuration(given) ?? "90s, 20m or 48h";
        return fail(context, `${quote(given)} is not a duration; write ${suggestion}`);
      }
      if (ms < minMs && ms === 0) return fail(context, `must not be zero; write at least ${min}`);
      if (ms < minMs) return fail(context, `${quote(given)} is too short; write at least ${min}`);
      if (ms > maxMs) return fail(context, `${quote(given)} is too long; write at most ${max}`);
      return Math.ceil(ms / unitMs);
    })
    .meta({ title: `duration${bounds.join("")}`, pattern: `^${durationPattern({ positive: minMs > 0 })}$` });
}

/** true/false/1/0/yes/no in any case. */
export const boolean = z
  .stringbool({
    truthy: ["true", "yes", "1"],
    falsy: ["false", "no", "0"],
    ...quoting("is neither true nor false; write true or false"),
  })
  .meta({
    title: "true or false (also yes/no, 1/0)",
    type: ["boolean", "string", "integer"],
    enum: [true, false, "true", "false", "yes", "no", "1", "0", 1, 0],
  });

interface Bounds {
  min: number;
  max: number;
  integer?: boolean;
  example: string;
}

/** A number between two bounds, both allowed. */
export function number({ min, max, integer = false, example }: Bounds) {
  const noun = integer ? "whole number" : "number";
  const pattern = integer ? /^\d{1,9}$/ : /^(\d{1,9}(\.\d{1,9})?|\.\d{1,9})$/;
  const between = quoting(`is not between ${min} and ${max}; write ${example}`);
  return text
    .regex(pattern, quoting(`is not a ${noun}; write ${example}`))
    .transform(Number)
    .pipe(z.number().min(min, between).max(max, between))
    .meta({
      title: `${noun} from ${min} to ${max}`,
      type: [integer ? "integer" : "number", "string"],
      pattern: pattern.source,
      minimum: min,
      maximum: max,
    });
}

/** One of a few words, in any case. */
export function oneOf<const T extends string>(words: readonly T[]) {
  const title = `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
  return text
    .transform((given, context) => {
      const found = words.find((word) => word === given.toLowerCase());
      return found ?? fail(context, `${quote(given)} is unknown; write ${title}`);
    })
    .meta({ title, enum: [...words] });
}

/** What another schema makes of the text, or undefined for the word `off`. */
export function offOr<T>(value: Value<T>) {
  const { title, pattern, ...json } = value.meta() ?? {};
  return text
    .transform((given) => (given.toLowerCase() === "off" ? undefined : given))
    .pipe(value.optional())
    .meta({ ...json, title: `off or ${title ?? ""}`, pattern: `^off$|${String(pattern)}` });
}

/** Entries between commas; spaces around them and empty ones at the end don't count. */
export function list(title: string, { min }: { min: 0 | 1 }) {
  return text
    .transform((given, context) => {
      const entries = given.replace(/[\s,]+$/, "").split(",");
      const trimmed = entries.map((entry) => entry.trim());
      const value = trimmed.join() === "" ? [] : trimmed;
      if (value.length < min) return fail(context, "is empty; write at least one");
      const bad = value.find((entry) => entry === "" || /\s/.test(entry));
      if (bad === "") return fail(context, `${quote(given)} has an empty entry; write a,b,c`);
      if (bad !== undefined)
        return fail(context, `${quote(bad)} contains a space; put commas between entries`);
      const twice = value.find((entry, index) => value.indexOf(entry) !== index);
      if (twice !== undefined) return fail(context, `${quote(twice)} appears twice; write it once`);
      return value;
    })
    .meta({
      title: `${title}, comma-separated`,
      type: ["string", "integer", "array"],
      items: { type: ["string", "integer"] },
    });
}

/** Whether a run waits for a person before the public names are pointed at the new release. */
export type Approval = { mode: "auto" } | { mode: "manual" } | { mode: "auto-after"; delayMs: number };

/** `auto`, `manual` or `auto-after:<duration>`. */
export const approval = text
  .transform((given, context): Approval => {
    const [, mode, delay = ""] = /^(auto|manual|auto-after:(.*))$/s.exec(given.toLowerCase()) ?? [];
    if (mode === "auto" || mode === "manual") return { mode };
    if (mode === undefined)
      return fail(context, `${quote(given)} is unknown; write auto, manual or auto-after:2h`);
    const { data, error } = duration().safeParse(delay.trim());
    return error ? fail(context, `auto-after: ${problemOf(error)}`) : { mode: "auto-after", delayMs: data };
  })
  .meta({
    title: "auto, manual or auto-after:<duration>",
    pattern: `^(auto|manual|auto-after:${durationPattern()})$`,
  });

/** The least share of what the live site holds. */
export const share = number({ min: 0, max: 10, example: "0.9" });
const kinds: readonly string[] = taxonKinds.map(({ key }) => key);

/** `images=0.8, genera=1`: least shares by kind of taxon. */
export const shares = text
  .transform((given, context) => {
    const entries = given.split(",").filter((entry) => entry.trim() !== "");
    return Object.fromEntries(
      entries.map((entry) => {
        const [, key = "", amount = ""] = /^\s*([^=\s]*)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
        if (key === "") return fail(context, `${quote(entry.trim())} is not a share; write images=0.8`);
        if (kinds.includes(key)) return [key, amount];
        const advice = didYouMean(key, kinds) ?? `write one of ${kinds.join(", ")}`;
        return fail(context, `${quote(key)} is not a kind of taxon; ${advice}`);
      }),
    );
  })
  .pipe(z.record(z.string(), share))
  .meta({
    title: "kind=share, comma-separated",
    pattern: `^ *((${kinds.join("|")})=[0-9]+(\\.[0-9]+)? *(, *|$))+$`,
  });
