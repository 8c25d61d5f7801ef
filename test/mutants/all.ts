import { dnsMutants } from "./dns.ts";
import { interlockMutants } from "./interlocks.ts";
import { limitMutants } from "./limits.ts";
import type { Mutant } from "./mutant.ts";
import { orderMutants } from "./order.ts";
import { ownershipMutants } from "./ownership.ts";

export const allMutants: readonly Mutant[] = [
  ...interlockMutants,
  ...orderMutants,
  ...limitMutants,
  ...dnsMutants,
  ...ownershipMutants,
];
