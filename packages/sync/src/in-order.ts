import type { SyncEvent } from "./events.ts";

type Tell = (event: SyncEvent) => void;

/** One of several works that run side by side and are told of one after the other. */
export interface Turn {
  readonly tell: Tell;
  end(): void;
}

/** Tells events in the order of the turns: those of later ones wait until the earlier ones have ended. */
export function inOrder(tell: Tell): { turn(): Turn; readonly tell: Tell } {
  const waiting: { readonly events: SyncEvent[]; ended: boolean }[] = [];
  const flush = (): void => {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      for (const event of first.events.splice(0)) tell(event);
      if (!first.ended) return;
      waiting.shift();
    }
  };
  const ordered = {
    tell(event: SyncEvent): void {
      waiting.push({ events: [event], ended: true });
      flush();
    },
    turn(): Turn {
      const own = { events: [] as SyncEvent[], ended: false };
      waiting.push(own);
      return {
        tell(event) {
          own.events.push(event);
          flush();
        },
        end() {
          own.ended = true;
          flush();
        },
      };
    },
  };
  return ordered;
}
