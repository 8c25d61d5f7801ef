/** The clock of a stage's harvesters: it stands still where a test wants to look around. */
export interface HarvestClock {
  now: () => number;
  /** Stops it. */
  hold: () => void;
  /** Moves it on while it is held. */
  advance: (ms: number) => void;
  /** Lets it go on from where it stood. */
  letGo: () => void;
}

export function createHarvestClock(): HarvestClock {
  let behindMs = 0;
  let heldAt: number | undefined;
  return {
    now: () => (heldAt ?? Date.now()) - behindMs,
    hold: () => {
      heldAt ??= Date.now();
    },
    advance: (ms) => {
      behindMs -= ms;
    },
    letGo: () => {
      if (heldAt !== undefined) behindMs += Date.now() - heldAt;
      heldAt = undefined;
    },
  };
}
