/** Defects in the plan for DNS, in the swap and in the way back. */
import type { Mutant } from "./mutant.ts";

const dns = [
  "unit/domain/dns-plan.test.ts",
  "scenarios/swap.test.ts",
  "scenarios/swap-ttl.test.ts",
  "scenarios/swap-and-others.test.ts",
  "scenarios/interlocks.test.ts",
];
const crashes = ["scenarios/crash-matrix.test.ts", "scenarios/crash-twice.test.ts"];
const swap = ["scenarios/swap.test.ts", "scenarios/swap-and-others.test.ts", ...crashes];

export const dnsMutants: readonly Mutant[] = [
  {
    defect: "what is old is deleted before the TTL has run out",
    file: "domain/dns-plan.ts",
    find: "return oldTtlSeconds * Math.max(1, drainTtls) * 1000;",
    replace: "return oldTtlSeconds * drainTtls * 500;",
    tests: dns,
  },
  {
    defect: "the drain forgets names that somebody else moved",
    file: "domain/dns-plan.ts",
    find: "[...replaced, ...before].map(",
    replace: "[...replaced, ...before.slice(0, 0)].map(",
    tests: dns,
  },
  {
    defect: "an outsider's edit is overwritten",
    file: "domain/dns-plan.ts",
    find: "} else if (!sameAddresses(now, pinned) && !isWritten(now, written)) {",
    replace: "} else if (!now && pinned) {",
    tests: dns,
  },
  {
    defect: "an alias that appeared in place of a missing record is run into",
    file: "domain/dns-plan.ts",
    find: "} else if (other) {",
    replace: "} else if (other && now) {",
    tests: dns,
  },
  {
    defect: "a new TTL of an operator is lost at the swap",
    file: "domain/dns-plan.ts",
    find: "const ttlSeconds = now?.ttlSeconds ?? newRecordTtlSeconds;",
    replace: "const ttlSeconds = pinned?.ttlSeconds ?? newRecordTtlSeconds;",
    tests: dns,
  },
  {
    defect: "the way back overwrites records that this run has not written",
    file: "domain/dns-plan.ts",
    find: "if (!now || !isWritten(now, written) || sameAddresses(now, pinned)) continue;",
    replace: "if (!now || sameAddresses(now, pinned)) continue;",
    tests: dns,
  },
  {
    defect: "what was written at one name counts as ours at every name",
    file: "domain/dns-plan.ts",
    find: "name === record?.name && addresses.includes(address)",
    replace: "addresses.includes(address)",
    tests: dns,
  },
  {
    defect: "a record that somebody added an address to counts as ours",
    file: "domain/dns-plan.ts",
    find: "if (address === undefined || others.length > 0) return false;",
    replace: "if (address === undefined) return false;",
    tests: dns,
  },
  {
    defect: "a second zone's refusal leaves the names divided",
    file: "steps/swap-dns.ts",
    find: "    await undoSwap(run);\n",
    replace: "",
    tests: dns,
  },
  {
    defect: "a release that was live for a moment is not protected from the next run",
    file: "actions/put-back.ts",
    find: "new Date(clock.now() + drainMs(ttlSeconds, settings.dns.drainTtls))",
    replace: "new Date(clock.now())",
    tests: [...dns, "scenarios/abort.test.ts"],
  },
  {
    defect: "a lowered TTL stays after the swap",
    file: "steps/swap-dns.ts",
    find: "    await restoreTtl(run);\n",
    replace: "",
    tests: dns,
  },
  {
    defect: "POST_SWAP_WATCH puts nothing back",
    file: "actions/watch-release.ts",
    find: "const failuresThatCount = 3;",
    replace: "const failuresThatCount = 3_000;",
    tests: dns,
  },
  {
    defect: "one failed probe puts the old records back",
    file: "actions/watch-release.ts",
    find: "failures += 1;",
    replace: "failures += 3;",
    tests: dns,
  },
  {
    defect: "the swap begins without its intent written down",
    file: "steps/swap-dns.ts",
    find: "    await writeIntent(run, plan);\n    try {",
    replace: "    try {",
    tests: swap,
  },
  {
    defect: "a pending change of an earlier builder is forgotten",
    file: "actions/change-dns.ts",
    find: "await saveSwap(run, { pending: [...pending, { zone: change.zone, id }] });",
    replace: "await saveSwap(run, { pending: [] });",
    tests: swap,
  },
  {
    defect: "why a swap is undone is not written down first",
    file: "actions/put-back.ts",
    find: "if (!swapOf(run).undoing) await saveSwap(run, { undoing: failureOf(run, error) });",
    replace: "",
    tests: swap,
  },
  {
    defect: "RETAIN_PREVIOUS is not noted on what was live",
    file: "steps/swap-dns.ts",
    find: "Math.max(drainMs(oldTtlSeconds, settings.dns.drainTtls), settings.retainPreviousMs)",
    replace: "drainMs(oldTtlSeconds, settings.dns.drainTtls)",
    tests: ["scenarios/rebuild.test.ts", "scenarios/verbs.test.ts"],
  },
];
