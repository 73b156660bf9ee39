import { drain, type StagedFile } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { Archive, ArchiveEntry } from "./archive.ts";
import { type ArchiveContents, emptyContents } from "./contents.ts";
import { readManifestFile } from "./items.ts";
import { loadItem } from "./load.ts";
import { legacyConfigFile, manifestFile, repositoriesFile } from "./names.ts";
import { blockSize } from "./output.ts";
import { readRepositories } from "./repositories.ts";

/**
 * What is not taken over into the new archive: the lists of images, which are written anew, and those of an OCI
 * layout (`docker save` of today writes one too), in which the new image would be missing.
 */
const lists: ReadonlySet<string> = new Set([manifestFile, repositoriesFile, "index.json", "oci-layout"]);

/**
 * Copies an archive's entries to the start of a new one, and tells what they are. Layers that later images can share
 * are verified on the way.
 */
export async function takeOver(
  archive: Archive,
  file: StagedFile,
  signal?: AbortSignal,
): Promise<{ readonly contents: ArchiveContents; readonly end: number }> {
  const { contents, diffIdOf } = await readContents(archive, signal);
  // Everything up to `copied` is either in the new file already or was left out.
  let copied = 0;
  let end = 0;
  const copyUpTo = async (offset: number, digest?: Digest): Promise<void> => {
    const length = offset - copied;
    if (length === 0) return;
    const blob = { ...archive.range(copied, offset), digest };
    await drain(blob, { kind: "file", fd: file.fd, path: file.path, position: end }, { signal });
    end += length;
    copied = offset;
  };
  for (const entry of archive.entries) {
    const { headerOffset, dataOffset, size } = entry;
    if (lists.has(entry.name)) {
      await copyUpTo(headerOffset);
      copied = nextEntry(entry);
      continue;
    }
    const digest = diffIdOf.get(entry);
    if (digest === undefined) continue;
    await copyUpTo(dataOffset);
    await copyUpTo(dataOffset + size, digest);
  }
  const last = archive.entries.at(-1);
  if (last !== undefined) await copyUpTo(Math.max(copied, last.dataOffset + last.size));
  // The last block may be cut off there; here the file's hole fills it up.
  return { contents, end: wholeBlocks(end) };
}

function nextEntry({ dataOffset, size }: ArchiveEntry): number {
  return dataOffset + wholeBlocks(size);
}

function wholeBlocks(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}

async function readContents(
  archive: Archive,
  signal: AbortSignal | undefined,
): Promise<{ contents: ArchiveContents; diffIdOf: Map<ArchiveEntry, Digest> }> {
  if (archive.find(manifestFile) === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_DESTINATION_REFUSED",
      `cannot add to ${archive.shown}: it has no ${manifestFile}`,
      { hint: "copy its images to a new archive first" },
    );
  }
  const contents = emptyContents();
  const diffIdOf = new Map<ArchiveEntry, Digest>();
  for (const [index, item] of (await readManifestFile(archive, signal)).entries()) {
    const image = await loadItem(archive, { item, index }, signal);
    contents.items.push(item);
    if (!contents.itemOfConfig.has(image.configDigest)) contents.itemOfConfig.set(image.configDigest, item);
    for (const [diffId, { entry, plain }] of image.layers) {
      // A compressed layer is not the bytes that a new image needs.
      if (!plain || contents.layers.has(diffId) || diffIdOf.has(entry)) continue;
      contents.layers.set(diffId, { path: entry.name, size: entry.size });
      diffIdOf.set(entry, diffId);
    }
  }
  for (const { name } of archive.entries) {
    contents.names.add(name);
    const [id, file, ...rest] = name.split("/");
    if (id !== undefined && file === legacyConfigFile && rest.length === 0) contents.legacyIds.add(id);
  }
  for (const [name, tags] of await readRepositories(archive, signal)) contents.repositories.set(name, tags);
  return { contents, diffIdOf };
}
