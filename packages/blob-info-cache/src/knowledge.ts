import type { Digest } from "@drayage/digest";
import { type Entry, keyOf } from "./entry.ts";

interface Noted {
  readonly entry: Entry;
  /** Rises from entry to entry. */
  readonly order: number;
}

/** What a sequence of entries comes to: the last of each key, found by the digests in it. */
export class Knowledge {
  readonly #noted = new Map<string, Noted>();
  readonly #byDigest = new Map<Digest, Set<string>>();
  #count = 0;

  /** False where nothing changes by it: it is the newest already of all that is known of its digests. */
  add(entry: Entry): boolean {
    const key = keyOf(entry);
    const before = this.#noted.get(key);
    const same = before !== undefined && JSON.stringify(before.entry) === JSON.stringify(entry);
    if (same && digestsOf(entry).every((digest) => this.#newest(digest) === before)) return false;
    if (before !== undefined) this.#remove(key, before.entry);
    this.#noted.set(key, { entry, order: this.#count++ });
    for (const digest of digestsOf(entry)) {
      const keys = this.#byDigest.get(digest) ?? new Set();
      this.#byDigest.set(digest, keys.add(key));
    }
    return true;
  }

  /** What is known of a digest, the oldest first. */
  about(digest: Digest): readonly Entry[] {
    return this.#notedOf(digest).map(({ entry }) => entry);
  }

  /** All that is known, the newest first. */
  newestFirst(): readonly Entry[] {
    return [...this.#noted.values()].reverse().map(({ entry }) => entry);
  }

  #notedOf(digest: Digest): readonly Noted[] {
    // Keys are removed before they are added again, so that a set has them in the order of time.
    return [...(this.#byDigest.get(digest) ?? [])].flatMap((key) => this.#noted.get(key) ?? []);
  }

  #newest(digest: Digest): Noted | undefined {
    return this.#notedOf(digest).at(-1);
  }

  #remove(key: string, entry: Entry): void {
    this.#noted.delete(key);
    for (const digest of digestsOf(entry)) {
      const keys = this.#byDigest.get(digest);
      keys?.delete(key);
      if (keys?.size === 0) this.#byDigest.delete(digest);
    }
  }
}

function digestsOf(entry: Entry): readonly Digest[] {
  return entry.kind === "variant" && entry.uncompressed !== entry.digest
    ? [entry.digest, entry.uncompressed]
    : [entry.digest];
}
