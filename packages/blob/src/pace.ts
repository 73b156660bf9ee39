import { setImmediate } from "node:timers/promises";

/** The size of a buffer, and of a chunk of a file or of bytes. */
export const chunkSize: number = 256 * 1024;

const turnSize = 4 * 1024 * 1024;

/** Gives the event loop a turn every few MiB, for signals, timers and other drains. */
export interface Pace {
  /** To be awaited when it is a promise. */
  took(bytes: number): Promise<void> | undefined;
}

export function createPace(): Pace {
  let sinceTurn = 0;
  return {
    took(bytes) {
      sinceTurn += bytes;
      if (sinceTurn < turnSize) return undefined;
      sinceTurn = 0;
      return setImmediate();
    },
  };
}

/** Calls `onBytes` with the running total, at most once for each chunk's worth of bytes. */
export interface Counter {
  add(bytes: number): void;
  /** What another thread has counted. */
  set(total: number): void;
  /** Tells the total once more if it was not told yet. */
  finish(): void;
}

export function createCounter(onBytes: ((total: number) => void) | undefined): Counter {
  let total = 0;
  let told = -1;
  function set(now: number): void {
    total = now;
    if (total - told < chunkSize) return;
    told = total;
    onBytes?.(total);
  }
  return {
    add: (bytes) => set(total + bytes),
    set,
    finish() {
      if (told !== total) onBytes?.(total);
    },
  };
}
