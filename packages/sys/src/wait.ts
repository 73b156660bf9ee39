import { abortError, DrayageError } from "@drayage/errors";

const defaultPatience = 600_000;

/** A wait for others that ends when the patience is over, or the caller has enough. */
export class Wait implements Disposable {
  readonly #ending = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #patience: number;

  constructor(options: {
    readonly signal?: AbortSignal | undefined;
    readonly patience?: number | undefined;
  }) {
    this.#caller = options.signal;
    this.#patience = options.patience ?? defaultPatience;
    this.#timer = setTimeout(this.#end, this.#patience);
    this.#caller?.addEventListener("abort", this.#end, { once: true });
  }

  readonly #end = (): void => this.#ending.abort();

  /** Aborted when the wait is over. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Why it ended. `where` says who was in the way. */
  error(where: string): DrayageError {
    if (this.#caller?.aborted) return abortError(this.#caller.reason, "wait for a lock");
    return new DrayageError("ERR_DRAYAGE_LOCKED", `${where}, since ${this.#patience / 1000} seconds`, {
      op: "wait for a lock",
      hint: "run the command again when the other has ended",
      retryable: true,
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#end);
  }
}
