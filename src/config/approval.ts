import type { Kind } from "./setting.ts";
import { durationKind, quote } from "./setting.ts";

/** Whether a run waits for a person before the public names are pointed at the new release. */
export type Approval = { mode: "auto" } | { mode: "manual" } | { mode: "auto-after"; delayMs: number };

const delay = durationKind();

/** `auto`, `manual` or `auto-after:<duration>`. */
export const approvalKind: Kind<Approval> = {
  type: "auto, manual or auto-after:<duration>",
  parse: (text) => {
    const lower = text.toLowerCase();
    if (lower === "auto") return { value: { mode: "auto" } };
    if (lower === "manual") return { value: { mode: "manual" } };
    if (!lower.startsWith("auto-after:")) {
      return { problem: `${quote(text)} is unknown; write auto, manual or auto-after:2h` };
    }
    const after = delay.parse(lower.slice("auto-after:".length).trim());
    if ("problem" in after) return { problem: `auto-after: ${after.problem}` };
    return { value: { mode: "auto-after", delayMs: after.value } };
  },
};
