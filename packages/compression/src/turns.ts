/** After how many bytes the event loop gets a turn: some ten milliseconds of an engine that works without promises. */
const turnSize = 4 * 1024 * 1024;

/** Gives the event loop a turn now and then, for timers and signals. */
export interface Turns {
  /** To be awaited when it is a promise. */
  took(bytes: number): Promise<void> | undefined;
}

export function createTurns(): Turns {
  let sinceTurn = 0;
  return {
    took(bytes) {
      sinceTurn += bytes;
      if (sinceTurn < turnSize) return undefined;
      sinceTurn = 0;
      return turn();
    },
  };
}

/** Node's types do not know this. */
interface Listening {
  onmessage?: () => void;
}

export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (globalThis.setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    // Browsers make a timer wait for milliseconds, but no message.
    const { port1, port2 } = new MessageChannel();
    (port1 as Listening).onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
