import { stat } from "node:fs/promises";
import { type FileOrigin, inflatedFile, readBlob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { manifestLimit } from "@drayage/manifest";
import { blobName, blobOfName, colonHint, type LayoutFiles, type LayoutPlace } from "@drayage/oci-layout";
import type { SourceOptions } from "@drayage/transport";
import { type ArchiveFile, scanContents } from "./contents.ts";
import { scheme } from "./reference.ts";

/** The files of a layout in an archive. */
export interface ArchiveLayout extends LayoutFiles {
  /** The blobs that it has, in its order. */
  readonly blobs: readonly Digest[];
}

/**
 * The files of a layout in an archive, which is read in place. One that is compressed as a whole, or a pipe, is
 * inflated to a temporary file, which `close` removes.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND where there is no such file
 */
export async function openArchive(place: LayoutPlace, options: SourceOptions = {}): Promise<ArchiveLayout> {
  const { signal, temporaryDir } = options;
  const { path } = place;
  const label = JSON.stringify(path);
  await checkPath(place, label);
  const plain = await inflatedFile(path, { signal, temporaryDir });
  const close = async (): Promise<void> => plain[Symbol.asyncDispose]();
  try {
    const contents = await scanContents(plain.path, { label, signal });
    const origin = ({ offset, size }: ArchiveFile): FileOrigin => ({
      kind: "file",
      path: plain.path,
      offset,
      length: size,
    });
    const readRange = (range: FileOrigin): Promise<Uint8Array> =>
      readBlob({ size: range.length, origin: range, steps: [] }, { limit: manifestLimit, signal });
    const isDockerArchive = contents.find("manifest.json") !== undefined;
    return {
      label,
      blobs: contents.names.flatMap((name) => blobOfName(name) ?? []),
      missingHint: async () =>
        isDockerArchive ? "this is a docker archive: read it as docker-archive:" : undefined,
      async readFile(name, limit) {
        const file = contents.find(name);
        if (file === undefined) return undefined;
        if (file.size > limit) throw tooLarge(label, name, { size: file.size, limit });
        return readRange(origin(file));
      },
      async locate(digest: Digest) {
        const file = contents.find(blobName(digest));
        return file && origin(file);
      },
      readRange,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function checkPath(place: LayoutPlace, label: string): Promise<void> {
  const { path } = place;
  try {
    if (!(await stat(path)).isDirectory()) return;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "read", { path });
    throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${label}: there is no such file`, {
      hint: (await colonHint(place, scheme, isFile)) ?? "check the path",
      cause: error,
    });
  }
  throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${label} is a folder, not an archive`, {
    hint: "a layout in a folder is reached by oci-dir:",
  });
}

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true;
}

function tooLarge(
  label: string,
  name: string,
  { size, limit }: { size: number; limit: number },
): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${label}: ${name} has ${size} bytes, and at most ${limit} are read`,
  );
}
