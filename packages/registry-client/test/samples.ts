import { randomFillSync } from "node:crypto";
import { type Digest, digestBytes } from "@drayage/digest";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import type { BlobContent } from "../src/index.ts";

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function randomBytes(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length));
}

/** The config of artifacts (OCI image-spec, "Guidance for an Empty Descriptor"). */
export const empty: Uint8Array = encode("{}");

export interface ManifestFields {
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A manifest that needs no blob but {@link empty}. */
export function manifestOf({ subject, artifactType, annotations }: ManifestFields): Uint8Array {
  const blob = { mediaType: mediaTypes.ociEmpty, digest: digestBytes(empty), size: empty.length };
  return encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config: blob,
      layers: [blob],
      subject,
      annotations,
    }),
  );
}

export interface ContentLog {
  /** The offsets that were asked for. */
  readonly offsets: number[];
  /** Bytes that were written, all together. */
  written: number;
}

/** Bytes as a content that makes them as they are asked for. */
export function content(
  bytes: Uint8Array,
  { known = true, log }: { readonly known?: boolean | undefined; readonly log?: ContentLog | undefined } = {},
): BlobContent {
  const measured: { readonly digest: Digest; readonly size: number } = {
    digest: digestBytes(bytes),
    size: bytes.length,
  };
  return {
    ...(known ? measured : {}),
    async send(write, { offset, signal }) {
      log?.offsets.push(offset);
      const buffer = new Uint8Array(64 * 1024);
      for (let at = offset; at < bytes.length; at += buffer.length) {
        signal.throwIfAborted();
        const part = bytes.subarray(at, at + buffer.length);
        // As the contract has it, the chunk may be overwritten once it is written.
        buffer.set(part);
        await write(buffer.subarray(0, part.length));
        buffer.fill(0);
        if (log !== undefined) log.written += part.length;
      }
      return measured;
    },
  };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return new Uint8Array(Buffer.concat(all));
}
