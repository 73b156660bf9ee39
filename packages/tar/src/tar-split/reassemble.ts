import type { OpenTarSplitContent } from "./content.ts";

export interface ReassembleTarOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whose tar-split it is, for messages: `layer 1a2b…`. */
  readonly what?: string | undefined;
  /** The longest line of JSON that is accepted, in bytes; 32 MiB where absent. */
  readonly lineBytes?: number | undefined;
  /** The same few buffers are filled again and again: each chunk is valid until the next is asked for. */
  readonly borrow?: boolean | undefined;
}

/**
 * The archive that a tar-split was made of, byte for byte, in chunks of up to 256 KiB.
 *
 * `tarSplit` is the JSON, inflated. Contents are compared with their size before, and with their CRC-64 after they were read;
 * whether the whole is the layer is for the caller to verify by its digest: a tar-split that ends early at the end of a
 * line is not seen here.
 *
 * Throws `ERR_DRAYAGE_STORE_INVALID` where the tar-split is damaged, or a file is missing or has other content: it names
 * the file and `what`; `ERR_DRAYAGE_LIMIT_EXCEEDED` and `ERR_DRAYAGE_ABORTED`; and what the opener throws.
 */
export declare function reassembleTar(
  tarSplit: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  openContent: OpenTarSplitContent,
  options?: ReassembleTarOptions,
): AsyncGenerator<Uint8Array, void, undefined>;
