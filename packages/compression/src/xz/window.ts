import { chunkSize } from "../engine.ts";
import { invalid } from "../errors.ts";

/** The bytes that matches refer to, and what is to be given out of them. */
export interface Window {
  /** Forgets all bytes. */
  reset(): void;
  put(byte: number): void;
  /** The byte `distance` back, 0 for the last. Throws where there is none. */
  byteAt(distance: number): number;
  /** Repeats `length` bytes from `distance` back. Throws where there are none. */
  copy(distance: number, length: number): void;
  append(bytes: Uint8Array): void;
  /** How many bytes there are since the reset. */
  position(): number;
  /** What was put since the last call, in chunks that are the caller's. */
  drain(): Uint8Array[];
}

/** A window of `size` bytes. It takes memory as it fills, so that a small stream cannot ask for much. */
export function createWindow(size: number): Window {
  let bytes = new Uint8Array(Math.min(size, chunkSize));
  let end = 0;
  let drained = 0;
  let wrapped = false;
  let total = 0;
  let output: Uint8Array[] = [];

  function flush(): void {
    for (; drained < end; drained += chunkSize) {
      output.push(bytes.slice(drained, Math.min(end, drained + chunkSize)));
    }
    drained = end;
  }

  /** Makes room for one more byte. */
  function turn(): void {
    if (bytes.length < size) {
      const larger = new Uint8Array(Math.min(size, bytes.length * 4));
      larger.set(bytes);
      bytes = larger;
      return;
    }
    flush();
    wrapped = true;
    end = 0;
    drained = 0;
  }

  function check(distance: number): void {
    if (distance < end || (wrapped && distance < size)) return;
    throw invalid("xz", "a match refers to bytes before the start");
  }

  function put(byte: number): void {
    if (end === bytes.length) turn();
    bytes[end++] = byte;
    total++;
  }

  return {
    put,
    reset() {
      flush();
      end = 0;
      drained = 0;
      wrapped = false;
      total = 0;
    },
    byteAt(distance) {
      check(distance);
      return bytes[end - 1 - distance + (distance < end ? 0 : size)] ?? 0;
    },
    copy(distance, length) {
      check(distance);
      let from = end - 1 - distance + (distance < end ? 0 : size);
      for (let count = 0; count < length; count++) {
        if (end === bytes.length) turn();
        bytes[end++] = bytes[from++] ?? 0;
        if (from === size) from = 0;
      }
      total += length;
    },
    append(added) {
      for (const byte of added) put(byte);
    },
    position: () => total,
    drain() {
      flush();
      const drainedChunks = output;
      output = [];
      return drainedChunks;
    },
  };
}
