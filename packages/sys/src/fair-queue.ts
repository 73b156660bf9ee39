type Kind = "read" | "write";

interface Waiting {
  readonly kind: Kind;
  readonly enter: () => void;
}

/** Lets in one writer, or any number of readers, in the order in which they came: no reader overtakes a writer that waits. */
export class FairQueue {
  #readers = 0;
  #writer = false;
  readonly #waiting: Waiting[] = [];

  get idle(): boolean {
    return this.#readers === 0 && !this.#writer && this.#waiting.length === 0;
  }

  /** Lets in at once, or not at all. */
  tryEnter(kind: Kind): boolean {
    if (this.#waiting.length > 0 || !this.#isFree(kind)) return false;
    this.#count(kind);
    return true;
  }

  /** Resolves to true when it is let in, and to false when `signal` is aborted before. Who is let in must {@link leave}. */
  enter(kind: Kind, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(false);
        // Readers may have waited behind a writer alone.
        this.#admit();
      };
      const waiting: Waiting = {
        kind,
        enter() {
          signal.removeEventListener("abort", stop);
          resolve(true);
        },
      };
      signal.addEventListener("abort", stop, { once: true });
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  leave(kind: Kind): void {
    if (kind === "read") this.#readers--;
    else this.#writer = false;
    this.#admit();
  }

  #admit(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#isFree(next.kind);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#count(next.kind);
      next.enter();
    }
  }

  #count(kind: Kind): void {
    if (kind === "read") this.#readers++;
    else this.#writer = true;
  }

  #isFree(kind: Kind): boolean {
    return !this.#writer && (kind === "read" || this.#readers === 0);
  }
}
