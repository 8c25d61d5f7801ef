import { type TaxonKind, taxonKinds } from "../domain/gate.ts";
import { nearest } from "../domain/nearest.ts";
import { type Kind, numberKind, quote } from "./setting.ts";

const share = numberKind({ min: 0, max: 10, example: "0.9" });
const keys: readonly string[] = taxonKinds.map(({ key }) => key);

/** `images=0.8, genera=1`: least shares by kind of taxon. */
export const sharesKind: Kind<Partial<Record<TaxonKind, number>>> = {
  type: "kind=share, comma-separated",
  parse: (text) => {
    const value: Partial<Record<TaxonKind, number>> = {};
    for (const entry of text.split(",").filter((part) => part.trim() !== "")) {
      const [, key = "", amount = ""] = /^\s*([^=\s]*)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
      if (key === "") return { problem: `${quote(entry.trim())} is no share; write images=0.8` };
      if (!keys.includes(key)) {
        const meant = nearest(key, keys);
        return {
          problem: `${quote(key)} is no kind of taxon; ${meant === undefined ? `write one of ${keys.join(", ")}` : `did you mean ${meant}?`}`,
        };
      }
      const parsed = share.parse(amount);
      if ("problem" in parsed) return { problem: `${key}: ${parsed.problem}` };
      value[key as TaxonKind] = parsed.value;
    }
    return { value };
  },
};

export interface GateAcceptance {
  runId: string;
  reason: string;
}

const longestReason = 300;

/** `prod-20261122-1200: why`. */
export const acceptanceKind: Kind<GateAcceptance> = {
  type: "id of the rejected run, a colon, and the reason",
  parse: (text) => {
    const [, runId = "", reason = ""] = /^\s*([a-z0-9-]+)\s*:\s*(\S[\s\S]*?)\s*$/.exec(text) ?? [];
    if (runId === "") return { problem: `${quote(text)} gives no reason; write prod-20261122-1200: why` };
    return { value: { runId, reason: reason.replaceAll(/\s+/g, " ").slice(0, longestReason) } };
  },
};
