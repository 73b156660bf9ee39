import { throwIfAborted } from "@drayage/errors";
import type { Algorithm } from "./algorithm.ts";
import type { ByteSource, SyncInflater, SyncInflaterOptions } from "./engine.ts";
import { chooseInflate, chooseSync } from "./engines.ts";
import { invalid } from "./errors.ts";
import { interruptible } from "./interruptible.ts";
import { createTurns } from "./turns.ts";

export interface InflateOptions {
  readonly signal?: AbortSignal | undefined;
  /** The name of the engine to use: see `engines()`. */
  readonly engine?: string | undefined;
}

/**
 * `source` decompressed: every member, frame or stream of it, with the checksums that the format has
 * verified. Memory stays bounded whatever the input; the whole input must be of `algorithm`.
 * Chunks may be read after the next one was asked for, so `source` must not use their memory again.
 *
 * @throws ERR_DRAYAGE_COMPRESSION_INVALID where it is damaged, truncated, empty, or followed by something
 * else (zero bytes too, as Go has it); ERR_DRAYAGE_LIMIT_EXCEEDED where it asks for an absurd window;
 * ERR_DRAYAGE_COMPRESSION_UNSUPPORTED, ERR_DRAYAGE_ABORTED
 */
export async function* inflate(
  source: ByteSource,
  algorithm: Algorithm,
  options: InflateOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = options;
  const engine = chooseInflate(algorithm, options.engine);
  const chunks = interruptible(source, signal);
  throwIfAborted(signal);
  if (engine.inflate !== undefined) yield* engine.inflate(chunks, { signal });
  else if (engine.createSync !== undefined) yield* pushed(chunks, engine.createSync(), signal);
  else throw invalid(algorithm, `the engine ${engine.name} has no way to inflate`);
}

/**
 * An inflater that works without promises, or undefined where this machine has none for `algorithm`.
 * It checks what {@link inflate} checks.
 *
 * @throws ERR_DRAYAGE_COMPRESSION_UNSUPPORTED where `options.engine` cannot serve
 */
export function createSyncInflater(
  algorithm: Algorithm,
  options: SyncInflaterOptions & { readonly engine?: string | undefined } = {},
): SyncInflater | undefined {
  return chooseSync(algorithm, options.engine)?.createSync?.({ borrow: options.borrow });
}

async function* pushed(
  source: ByteSource,
  inflater: SyncInflater,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const turns = createTurns();
  try {
    for await (const chunk of source) {
      for (const made of inflater.push(chunk)) {
        yield made;
        await turns.took(made.length);
        throwIfAborted(signal);
      }
    }
    yield* inflater.finish();
  } finally {
    inflater.close();
  }
}
