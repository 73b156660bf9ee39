import type { Digest } from "@drayage/digest";
import type { Blob, BlobStep, CompressionAlgorithm } from "./blob.ts";

export interface InflatedOptions {
  /** Found by magic where absent; bytes without a magic then pass as they are. */
  readonly algorithm?: CompressionAlgorithm | undefined;
  /** What is known of the inflated bytes. */
  readonly digest?: Digest | undefined;
  readonly size?: number | undefined;
}

/** The blob's bytes, inflated. What was known of the bytes as they are is still verified on the way. */
export function inflated(blob: Blob, options: InflatedOptions = {}): Blob {
  const { algorithm, digest, size } = options;
  return withStep(blob, { do: "inflate", algorithm }, { digest, size });
}

export interface DeflatedOptions {
  readonly algorithm: "gzip" | "zstd";
  readonly level?: number | undefined;
}

/** The blob's bytes, compressed. What was known of the bytes as they are is still verified on the way. */
export function deflated(blob: Blob, options: DeflatedOptions): Blob {
  const { algorithm, level } = options;
  return withStep(blob, { do: "deflate", algorithm, level }, {});
}

function withStep(blob: Blob, step: BlobStep, facts: Pick<Blob, "digest" | "size">): Blob {
  const { digest, size, what, origin } = blob;
  const known: BlobStep[] =
    digest === undefined && size === undefined ? [] : [{ do: "verify", digest, size }];
  return { ...facts, what, origin, steps: [...blob.steps, ...known, step] };
}
