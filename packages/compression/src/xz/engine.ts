import type { InflateEngine, SyncInflater } from "../engine.ts";
import { createXzReader } from "./stream.ts";

/**
 * xz in JavaScript, our own: the library there is (xz-decompress) inflates one stream at a time in a
 * process, reads only the first stream of several, and skips checks that it does not know.
 */
export const xzInflate: InflateEngine = {
  algorithm: "xz",
  name: "drayage-xz",
  unavailable: () => undefined,
  createSync: createXzInflater,
};

function createXzInflater(): SyncInflater {
  const reader = createXzReader();

  /** What comes of the input that is there. */
  function* run(): Generator<Uint8Array, void, undefined> {
    for (;;) {
      const { value, done } = reader.steps.next();
      if (done === true || value === undefined) return;
      yield value;
    }
  }

  return {
    engine: "drayage-xz",
    *push(chunk) {
      reader.input.push(chunk);
      yield* run();
    },
    *finish() {
      reader.ended = true;
      yield* run();
    },
    close() {
      reader.steps.return();
    },
  };
}
