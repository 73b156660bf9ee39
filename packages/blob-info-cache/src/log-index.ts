import type { Digest } from "@drayage/digest";
import { decodeEntry, type Entry } from "./entry.ts";
import { Knowledge } from "./knowledge.ts";

/** After how many questions all lines are read, instead of those with a digest in them: about when that has taken as long. */
const patience = 250;
/** A line that is longer is damaged. */
const longest = 8 * 1024;
const newline = 0x0a;

/** Finds the entries of a digest in a file's text: one copy asks for few of them, and should not read all. */
export class LogIndex {
  readonly #bytes: Buffer;
  #asked = 0;
  #all: Knowledge | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The oldest first. */
  about(digest: Digest): readonly Entry[] {
    this.#asked += 1;
    if (this.#asked > patience) return this.all().about(digest);
    const found: Entry[] = [];
    for (let at = this.#bytes.indexOf(digest, 0, "latin1"); at !== -1; ) {
      const { text, end } = this.#lineAt(at);
      const entry = decodeEntry(text);
      if (entry !== undefined) found.push(entry);
      at = this.#bytes.indexOf(digest, end, "latin1");
    }
    return found;
  }

  /** What all lines come to. */
  all(): Knowledge {
    if (this.#all !== undefined) return this.#all;
    const all = new Knowledge();
    for (let at = 0; at < this.#bytes.length; ) {
      const { text, end } = this.#lineAt(at);
      const entry = text === "" ? undefined : decodeEntry(text);
      if (entry !== undefined) all.add(entry);
      at = end;
    }
    this.#all = all;
    return all;
  }

  /** The line around a position, and where the next one begins. One that is too long is read as nothing. */
  #lineAt(at: number): { readonly text: string; readonly end: number } {
    const start = at === 0 ? 0 : this.#bytes.lastIndexOf(newline, at - 1) + 1;
    const found = this.#bytes.indexOf(newline, at);
    const end = found === -1 ? this.#bytes.length : found;
    return { text: end - start > longest ? "" : this.#bytes.toString("utf8", start, end), end: end + 1 };
  }
}
