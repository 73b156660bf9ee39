import { type Blob, type DrainResult, drain, type StreamOrigin } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import type { BlobContent } from "@drayage/registry-client";

/** A blob as it is uploaded. */
export interface Upload {
  readonly content: BlobContent;
  /** The blob's digest, once all of it was sent. */
  readonly sent: Digest | undefined;
  /** What passed, once the upload is over. */
  finish(signal: AbortSignal): Promise<DrainResult>;
}

/** Makes the content of an upload of a blob. `onBytes` is told how much of its origin was read. */
export function uploadOf(blob: Blob, onBytes: ((total: number) => void) | undefined): Upload {
  let result: DrainResult | undefined;
  return {
    content: {
      digest: blob.digest,
      size: blob.size,
      async send(write, { offset, signal }) {
        const options = { signal, onBytes };
        const rest = offset === 0 ? undefined : restOf(blob, offset);
        result =
          rest === undefined
            ? await drain(blob, { kind: "writer", write: skipping(offset, write) }, options)
            : await drainRest(rest, { offset, write, ...options });
        const { digest, size } = result;
        return { digest, size };
      },
    },
    get sent() {
      return result?.digest;
    },
    async finish(signal) {
      // Where the registry had all of it already, or there is nothing to send, nothing was read to its end.
      return (
        result ?? knownResult(blob) ?? drain(blob, { kind: "writer", write: () => undefined }, { signal })
      );
    },
  };
}

type Write = (chunk: Uint8Array) => Promise<void>;

/** Leaves out the first bytes: the registry has them already. */
function skipping(offset: number, write: Write): (chunk: Uint8Array) => void | Promise<void> {
  let left = offset;
  return (chunk) => {
    if (left === 0) return write(chunk);
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    return skipped === chunk.length ? undefined : write(chunk.subarray(skipped));
  };
}

interface Rest {
  readonly origin: StreamOrigin;
  readonly digest: Digest;
  readonly size: number;
  readonly what: string | undefined;
}

/**
 * What is left of a blob that need not be read from its start again: one that is sent as it is, from an origin that
 * costs a transfer to read. Its digest cannot be computed of a part. That is no loss, because its name is known, and the registry takes
 * no upload that hashes to another.
 */
function restOf(blob: Blob, offset: number): Rest | undefined {
  const { origin, what } = blob;
  const { digest, size = -1 } = knownResult(blob) ?? {};
  if (origin.kind !== "stream" || origin.resumable !== true || digest === undefined) return undefined;
  return offset > size ? undefined : { origin, digest, size, what };
}

/** What is to pass of a blob that is sent as it is. */
function knownResult({ digest, size, steps }: Blob): DrainResult | undefined {
  if (digest === undefined || size === undefined || steps.some((step) => step.do !== "verify"))
    return undefined;
  const stage = { digest, size };
  return { ...stage, stages: [stage] };
}

async function drainRest(
  { origin, digest, size, what }: Rest,
  options: {
    readonly offset: number;
    readonly write: Write;
    readonly signal: AbortSignal;
    readonly onBytes: ((total: number) => void) | undefined;
  },
): Promise<DrainResult> {
  const { offset, write, signal, onBytes } = options;
  // A server that is asked for the bytes behind the last one answers with an error.
  if (offset < size) {
    const rest: Blob = {
      size: size - offset,
      what,
      origin: { kind: "stream", open: (opening) => origin.open({ ...opening, offset }) },
      steps: [],
    };
    await drain(rest, { kind: "writer", write }, { signal, onBytes: (total) => onBytes?.(offset + total) });
  }
  const stage = { digest, size };
  return { ...stage, stages: [stage] };
}
