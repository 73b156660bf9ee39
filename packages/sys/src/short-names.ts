import { closeSync, constants, openSync } from "node:fs";

/** What fsconfig(2) takes as a value, in bytes, without the zero. */
const limit = 255;
const O_PATH = 0o10000000;

/**
 * Gives folders names that every way of mounting takes: those that are long, or have characters that an overlay splits or
 * unescapes, are opened and named by their descriptor for as long as this is not closed.
 */
export class ShortNames {
  readonly #names = new Map<string, string>();
  readonly #open: number[] = [];

  /** @param shortest whether every folder is to be named by its descriptor */
  of(folder: string, shortest = false): string {
    if (!shortest && isPlain(folder)) return folder;
    const known = this.#names.get(folder);
    if (known !== undefined) return known;
    const fd = openSync(folder, O_PATH | constants.O_DIRECTORY);
    this.#open.push(fd);
    const name = `/proc/self/fd/${fd}`;
    this.#names.set(folder, name);
    return name;
  }

  close(): void {
    for (const fd of this.#open.splice(0)) closeSync(fd);
  }
}

function isPlain(folder: string): boolean {
  return !/[\\,:]/.test(folder) && Buffer.byteLength(folder) <= limit;
}
