import { gzipSync } from "node:zlib";
import { bytesBlob, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import type { ImageSource } from "@drayage/transport";

/** An entry of a layer: its header, and its content where it is a file. */
export type Entry = Omit<TarEntryInput, "size"> & { readonly content?: string | Uint8Array } & {
  /** Given to the header block after all, for entries that the encoder does not make. */
  readonly typeflag?: string;
};

export interface TestImage {
  readonly source: ImageSource;
  /** The base first. */
  readonly layers: readonly Descriptor[];
  /** The digests of the layers that were opened, each time that they were. */
  readonly opened: string[];
}

/** An image of these layers, the base first. `remote`: its blobs are streams, as a registry's. */
export async function makeImage(layers: readonly (readonly Entry[])[], remote = false): Promise<TestImage> {
  const blobs = new Map<string, Uint8Array>();
  const descriptors: Descriptor[] = [];
  for (const entries of layers) {
    const bytes = new Uint8Array(gzipSync(tarOf(entries)));
    const digest = digestBytes(bytes);
    blobs.set(digest, bytes);
    descriptors.push({ mediaType: mediaTypes.ociLayerGzip, digest, size: bytes.length });
  }
  const opened: string[] = [];
  const source: ImageSource = {
    reference: { text: "test" },
    remote,
    manifest: async () => Promise.reject(new Error("no manifest is to be read")),
    async blob({ digest, size }) {
      const bytes = blobs.get(digest) ?? new Uint8Array();
      opened.push(digest);
      if (!remote) return bytesBlob(bytes, { digest, size });
      return streamBlob(
        async function* () {
          yield bytes;
        },
        { digest, size },
      );
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { source, layers: descriptors, opened };
}

function tarOf(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ content = "", typeflag, ...header }) => {
    const body = Buffer.from(content);
    const block = Buffer.from(encodeTarHeader({ ...header, size: body.length }));
    if (typeflag !== undefined) giveTypeflag(block, typeflag);
    return [block, body, tarPadding(body.length)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

function giveTypeflag(block: Buffer, typeflag: string): void {
  block.write(typeflag, 156, "latin1");
  block.fill(" ", 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const taken: Uint8Array[] = [];
  for await (const chunk of chunks) taken.push(chunk);
  return Buffer.concat(taken).toString("latin1");
}
