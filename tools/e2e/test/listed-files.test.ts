import { bytesBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { type FileEntry, openImageFiles } from "@drayage/image-files";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import {
  type EdgeFile,
  type EdgeLayer,
  edgeDifferences,
  edgeLayers,
  type FoundFile,
  type FoundTree,
  isRefusal,
} from "@drayage/testkit/edge-layers";
import { describe, expect, it } from "vitest";

const kinds = {
  file: "file",
  directory: "folder",
  symlink: "link",
  fifo: "pipe",
  character: "character",
  block: "block",
} as const satisfies Record<FileEntry["type"], EdgeFile["kind"]>;

/** All that is in an image, as ls shows it, and cat, as far as it is compared: some files have holes of gigabytes. */
async function listed({ below, tar, expected }: EdgeLayer): Promise<FoundTree> {
  const blobs = new Map<string, Uint8Array>();
  const layers = [...below, tar].map((bytes): Descriptor => {
    const digest = digestBytes(bytes);
    blobs.set(digest, bytes);
    return { mediaType: mediaTypes.ociLayerTar, digest, size: bytes.length };
  });
  const source = {
    blob: async ({ digest, size }: Descriptor) =>
      bytesBlob(blobs.get(digest) ?? Buffer.of(), { digest, size }),
  };
  await using files = openImageFiles(source, layers);
  const found = new Map<string, FoundFile>();
  for await (const entry of files.walk()) {
    const {
      type,
      mode,
      uid,
      gid,
      mtime,
      xattrs,
      rawPath,
      rawLinkname,
      devmajor: major,
      devminor: minor,
    } = entry;
    const path = Buffer.from(rawPath).toString("latin1").slice(1);
    const isCompared = type === "file" && !isRefusal(expected) && expected.get(path)?.content !== undefined;
    found.set(path, {
      kind: kinds[type],
      ...{ mode, uid, gid, mtime, xattrs },
      ...(isCompared && { content: await collected(files.read(rawPath)) }),
      ...(type === "symlink" && { target: Buffer.from(rawLinkname).toString("latin1") }),
      ...((type === "character" || type === "block") && { major, minor }),
      identity: files.fileKey(entry) ?? path,
    });
  }
  return found;
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return Buffer.concat(all);
}

/**
 * Each file is told as its tar's header has it, and no machine refuses or changes anything; a header of a hard link does not count for the file,
 * and neither does the order of a layer's entries.
 */
const otherwise: ReadonlySet<string> = new Set([
  "a hard link whose header counts for the file",
  "a hard link to a symbolic link",
  "a hard link to nothing, in the place of which comes a file",
  "a hard link to what comes after it",
  "hard links to files below that the layer replaces, removes or hides afterwards",
  "a type without meaning",
  "an owner that is none",
  "times after 2038, and before 1970, which become 1970",
  "an extended attribute without a value, which is none",
  "a label of SELinux, which is the machine's to give",
  "the root as a file",
]);

describe("the files of an image that was not unpacked, a layer with", () => {
  const compared = edgeLayers.filter(({ name }) => !otherwise.has(name));
  it.each(compared.map((layer) => [layer.name, layer] as const))("%s", async (_, layer) => {
    const { expected } = layer;
    if (isRefusal(expected)) {
      await expect(listed(layer)).rejects.toSatisfy((error) => isDrayageError(error));
      return;
    }
    expect(edgeDifferences(await listed(layer), expected)).toEqual([]);
  });
});
