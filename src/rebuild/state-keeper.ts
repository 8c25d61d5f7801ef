import { ConflictError } from "../errors.ts";
import type { StateStore } from "../pipeline/stores.ts";
import type { Keeper } from "../steps/keep-evidence.ts";

const mostTries = 3;

/** Keeps attachments where there is no checkpoint, also beside a builder at work: each write names what it is based on. */
export function stateKeeper(store: StateStore, attachments: Readonly<Record<string, Uint8Array>>): Keeper {
  let kept = { ...attachments };
  return {
    attachment: (name) => kept[name],
    async attach(name, bytes) {
      for (let tries = 1; ; tries += 1) {
        const stored = await store.load();
        if (!stored) return;
        try {
          await store.save({ attachments: { [name]: bytes } }, stored.version);
          kept = { ...kept, [name]: bytes };
          return;
        } catch (error) {
          if (!(error instanceof ConflictError) || tries >= mostTries) throw error;
        }
      }
    },
  };
}
