import { DrayageError } from "@drayage/errors";

/** How much memory a store may have. */
export class Budget {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  take(bytes: number): void {
    if (this.#used + bytes > this.limit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `the layers of the store in memory would have more than the ${this.limit} bytes that it may have`,
        { hint: "remove images from it, give it a higher limit, or use a store on disk" },
      );
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
