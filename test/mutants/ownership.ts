/** Defects of what only counts when the chart made it, and of what its pods may be. */
import type { Mutant } from "./mutant.ts";

export const ownershipMutants: readonly Mutant[] = [
  {
    defect: "Services that another Helm release has put there count as ours",
    file: "domain/live.ts",
    find: "held.every(({ helmRelease = candidate.name }) => helmRelease === candidate.name)",
    replace: "true",
    tests: ["unit/domain/ownership.test.ts", "unit/domain/live.test.ts"],
  },
  {
    defect: "the first Service that bears a mapped one's name counts, whoever made it",
    file: "domain/own-services.ts",
    find: "made ? made.includes(name) :",
    replace: "made ? component === service :",
    tests: ["unit/domain/own-services.test.ts", "scenarios/ownership.test.ts"],
  },
  {
    defect: "a second Service that bears a mapped one's name is passed over",
    file: "actions/probe-site.ts",
    find: "if (rivals.length === 0) return view;",
    replace: "if (rivals.length >= 0) return view;",
    tests: ["scenarios/ownership.test.ts"],
  },
  {
    defect: "`rollback` goes back to what another manager has taken over",
    file: "operate/roll-back.ts",
    find: "candidate.name === previous && isOurs(candidate, settings)",
    replace: "candidate.name === previous",
    tests: ["scenarios/ownership.test.ts"],
  },
  {
    defect: "preflight passes over init containers that own their node",
    file: "domain/pod-security.ts",
    find: '  ["spec.initContainers.*", "init container", ofContainers],\n',
    replace: "",
    tests: ["unit/domain/pod-security.test.ts"],
  },
];
