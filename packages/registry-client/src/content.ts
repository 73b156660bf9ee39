import { digestBytes } from "@drayage/digest";
import { throwIfAborted } from "@drayage/errors";
import type { BlobContent } from "./client.ts";

const chunkLength = 256 * 1024;

/** Bytes in memory as what is uploaded. */
export function bytesContent(bytes: Uint8Array): BlobContent {
  const digest = digestBytes(bytes);
  const size = bytes.length;
  return {
    digest,
    size,
    async send(write, { offset, signal }) {
      for (let at = offset; at < size; at += chunkLength) {
        throwIfAborted(signal);
        await write(bytes.subarray(at, Math.min(at + chunkLength, size)));
      }
      return { digest, size };
    },
  };
}
