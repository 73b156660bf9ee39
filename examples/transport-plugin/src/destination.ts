import { createWriteStream } from "node:fs";
import { mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Blob, drain, syncDirectory } from "@drayage/blob";
import { ioError, throwIfAborted } from "@drayage/errors";
import type { DestinationOptions, ImageDestination, PutBlobOptions } from "@drayage/transport";
import yazl from "yazl";
import { blobName, manifestName } from "./names.ts";
import type { ZipReference } from "./reference.ts";

/** Everything is staged in a folder beside the zip file, which is written and put in place at commit. */
export async function openZipDestination(
  reference: ZipReference,
  { signal }: DestinationOptions = {},
): Promise<ImageDestination> {
  throwIfAborted(signal);
  const folder = dirname(reference.path);
  const staging = await mkdtemp(join(folder, ".dray-zip-")).catch((error) => {
    throw ioError(error, "write beside", { path: reference.path });
  });
  const names = new Set<string>();
  const close = async (): Promise<void> => rm(staging, { recursive: true, force: true });

  return {
    reference,
    accepts: {
      manifestTypes: [],
      layerCompression: "preserve",
      foreignLayerUrls: false,
      parallelBlobs: 4,
      multipleImages: true,
    },
    async putBlob(blob: Blob, options: PutBlobOptions) {
      const path = join(staging, `incoming-${crypto.randomUUID()}`);
      const file = await open(path, "wx");
      try {
        const sink = { kind: "file", fd: file.fd, path, position: 0, whole: true } as const;
        const result = await drain(blob, sink, {
          signal: options.signal ?? signal,
          onBytes: options.onBytes,
        });
        await rename(path, join(staging, blobName(result.digest)));
        names.add(blobName(result.digest));
        return result;
      } finally {
        await file.close();
        await rm(path, { force: true });
      }
    },
    async putManifest(bytes, { instance }) {
      await writeFile(join(staging, manifestName(instance)), bytes);
      names.add(manifestName(instance));
    },
    async commit() {
      const path = join(staging, "image.zip");
      const zip = new yazl.ZipFile();
      for (const name of [...names].sort()) {
        zip.addFile(join(staging, name), name, { compress: false, mtime: new Date(0), mode: 0o100644 });
      }
      zip.end();
      await pipeline(zip.outputStream, createWriteStream(path, { flush: true }), { signal });
      await rename(path, reference.path);
      await syncDirectory(folder);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
