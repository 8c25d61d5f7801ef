import { parseDuration, suggestDuration } from "./duration.ts";

/** What became of a setting's text: a value, or what is wrong with it. */
export type Parsed<T> = { value: T } | { problem: string };

/** One row of the table of settings. */
export interface Setting<T> {
  /** The section of docs/configuration.md. */
  group: string;
  /** One sentence, with the unit where there is one. */
  description: string;
  /** How the value is written, for people. */
  type: string;
  parse: (text: string) => Parsed<T>;
  /** As it would be written; undefined: none. */
  default?: string;
  /** There is no default and the builder can't do without; stands in where a verb needs no value. */
  requiredElse?: T;
  /** `whole`: the value is a secret; `credentials`: what it holds between `//` and `@`, or in its query, is. */
  secret?: "whole" | "credentials";
  /** Only from the environment: it says where files are, or what machine this is. */
  environmentOnly?: boolean;
  /** Accepted for old charts, of no effect. */
  ignored?: boolean;
}

export type Kind<T> = Pick<Setting<T>, "type" | "parse">;

/** A text as it may be shown in a problem: short and on one line. */
export function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return JSON.stringify(short);
}

const dayMs = 86_400_000;
const longestMs = 366 * dayMs;

/** A duration in milliseconds; `min` and `max` are written as durations. */
export function durationKind({
  min = "0s",
  max = "366d",
}: { min?: string; max?: string } = {}): Kind<number> {
  const least = parseDuration(min) ?? 0;
  const most = parseDuration(max) ?? longestMs;
  return {
    type: `duration${least > 0 ? `, at least ${min}` : ""}${most < longestMs ? `, at most ${max}` : ""}`,
    parse: (text) => {
      const ms = parseDuration(text);
      if (ms === undefined) {
        return {
          problem: `${quote(text)} is not a duration; write ${suggestDuration(text) ?? "90s, 20m or 48h"}`,
        };
      }
      if (ms < least && ms === 0) return { problem: `must not be zero; write at least ${min}` };
      if (ms < least) return { problem: `${quote(text)} is too short; write at least ${min}` };
      if (ms > most) return { problem: `${quote(text)} is too long; write at most ${max}` };
      return { value: ms };
    },
  };
}

const yes = new Set(["true", "1", "yes"]);
const no = new Set(["false", "0", "no"]);

/** true/false/1/0/yes/no in any case. */
export const booleanKind: Kind<boolean> = {
  type: "true or false (also yes/no, 1/0)",
  parse: (text) => {
    const lower = text.toLowerCase();
    if (yes.has(lower)) return { value: true };
    if (no.has(lower)) return { value: false };
    return { problem: `${quote(text)} is neither true nor false; write true or false` };
  },
};

/** A number between two bounds, both allowed. */
export function numberKind(bounds: {
  min: number;
  max: number;
  integer?: boolean;
  example: string;
}): Kind<number> {
  const { min, max, integer = false, example } = bounds;
  const noun = integer ? "whole number" : "number";
  return {
    type: `${noun} from ${min} to ${max}`,
    parse: (text) => {
      const fits = integer ? /^\d{1,9}$/.test(text) : /^(\d{1,9}(\.\d{1,9})?|\.\d{1,9})$/.test(text);
      if (!fits) return { problem: `${quote(text)} is not a ${noun}; write ${example}` };
      const value = Number(text);
      if (value < min || value > max) {
        return { problem: `${quote(text)} is not between ${min} and ${max}; write ${example}` };
      }
      return { value };
    },
  };
}

/** One of a few words, in any case. */
export function oneOfKind<const T extends string>(choices: readonly T[]): Kind<T> {
  const type = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
  return {
    type,
    parse: (text) => {
      const value = choices.find((choice) => choice === text.toLowerCase());
      return value === undefined ? { problem: `${quote(text)} is unknown; write ${type}` } : { value };
    },
  };
}

/** The value of `kind`, or undefined for the word `off`. */
export function offOrKind<T>(kind: Kind<T>): Kind<T | undefined> {
  return {
    type: `off or ${kind.type}`,
    parse: (text) => (text.toLowerCase() === "off" ? { value: undefined } : kind.parse(text)),
  };
}

/** Text that must match a pattern; `what` completes "is not …", and ends with what to do after a semicolon. */
export function textKind(type: string, pattern: RegExp, what: `${string}; ${string}`): Kind<string> {
  return {
    type,
    parse: (text) => (pattern.test(text) ? { value: text } : { problem: `${quote(text)} is not ${what}` }),
  };
}

/** Entries between commas; spaces around them and empty ones at the end don't count. */
export function listKind(type: string, options: { atLeastOne: boolean }): Kind<string[]> {
  return {
    type: `${type}, comma-separated`,
    parse: (text) => {
      const entries = text
        .replace(/[\s,]+$/, "")
        .split(",")
        .map((entry) => entry.trim());
      const value = entries.length === 1 && entries[0] === "" ? [] : entries;
      if (value.length === 0 && options.atLeastOne) return { problem: "is empty; write at least one" };
      const bad = value.find((entry) => entry === "" || /\s/.test(entry));
      if (bad === "") return { problem: `${quote(text)} has an empty entry; write a,b,c` };
      if (bad !== undefined)
        return { problem: `${quote(bad)} has a space in it; put commas between entries` };
      const twice = value.find((entry, index) => value.indexOf(entry) !== index);
      if (twice !== undefined) return { problem: `${quote(twice)} is there twice; write it once` };
      return { value };
    },
  };
}
