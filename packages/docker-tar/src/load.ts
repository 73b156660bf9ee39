import { type Blob, drain, inflated } from "@drayage/blob";
import { type Digest, digestBytes, isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { Archive, ArchiveEntry } from "./archive.ts";
import type { ManifestItem } from "./contents.ts";
import { isObject, parseJsonText } from "./json-text.ts";
import { configLimit } from "./names.ts";

/** A layer of an image in an archive. */
export interface LoadedLayer {
  readonly entry: ArchiveEntry;
  /** Whether the entry is the layer's bytes as they are: not compressed. */
  readonly plain: boolean;
  /** The bytes that the diffID names: not compressed. */
  blob(): Blob;
  /** How many bytes they are. Inflates a compressed layer once, which verifies it too. */
  size(signal?: AbortSignal): Promise<number>;
}

/** An image of an archive, looked into: its config is read, its layers are found. */
export interface LoadedImage {
  readonly config: Uint8Array;
  readonly configDigest: Digest;
  /** Base first. One may stand there more than once. */
  readonly diffIds: readonly Digest[];
  readonly layers: ReadonlyMap<Digest, LoadedLayer>;
}

/**
 * Reads the config of an image of `manifest.json`, and finds its layers. The config's file name is not trusted: its
 * digest is computed.
 *
 * @throws ERR_DRAYAGE_LAYOUT_INVALID where a file is missing, ERR_DRAYAGE_CONFIG_INVALID where the config is malformed
 * or does not agree with the list of layers
 */
export async function loadItem(
  archive: Archive,
  { item, index }: { readonly item: ManifestItem; readonly index: number },
  signal?: AbortSignal,
): Promise<LoadedImage> {
  const what = `image @${index} of ${archive.shown}`;
  const config = await archive.read(item.Config, { limit: configLimit, signal });
  const diffIds = readDiffIds(config, `the config of ${what}`);
  const paths = item.Layers ?? [];
  if (paths.length !== diffIds.length) {
    const counts = `manifest.json names ${paths.length} layers, its config has ${diffIds.length} diff_ids`;
    throw new DrayageError("ERR_DRAYAGE_CONFIG_INVALID", `${what} does not agree with itself: ${counts}`);
  }
  const layers = new Map<Digest, LoadedLayer>();
  const diffIdOf = new Map<ArchiveEntry, Digest>();
  for (const [place, diffId] of diffIds.entries()) {
    // Layers of one diffID are the same bytes, so the first path serves them all.
    if (layers.has(diffId)) continue;
    const entry = archive.resolve(paths[place] ?? "");
    const other = diffIdOf.get(entry);
    if (other !== undefined) {
      const both = `${JSON.stringify(entry.name)} stands for two layers, ${other} and ${diffId}`;
      throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${what}: ${both}`);
    }
    diffIdOf.set(entry, diffId);
    layers.set(diffId, await loadLayer(archive, entry, { digest: diffId }));
  }
  return { config, configDigest: digestBytes(config), diffIds, layers };
}

/** A layer of which the diffID is known, and maybe the size. */
export async function loadLayer(
  archive: Archive,
  entry: ArchiveEntry,
  known: { readonly digest: Digest; readonly size?: number | undefined },
): Promise<LoadedLayer> {
  const stored = archive.blobOf(entry);
  const algorithm = await archive.compressionOf(entry);
  let size = algorithm === undefined ? entry.size : known.size;
  const blob = (): Blob => {
    const facts = { digest: known.digest, size };
    return algorithm === undefined ? { ...stored, ...facts } : inflated(stored, { algorithm, ...facts });
  };
  return {
    entry,
    plain: algorithm === undefined,
    blob,
    async size(signal) {
      size ??= (await drain(blob(), { kind: "writer", write: () => {} }, { signal })).size;
      return size;
    },
  };
}

/** The diffIDs of an image's config. */
export function readDiffIds(config: Uint8Array, what: string): readonly Digest[] {
  const document = parseJsonText(config, { what, code: "ERR_DRAYAGE_CONFIG_INVALID" });
  const rootfs = isObject(document) ? document.rootfs : undefined;
  if (!isObject(rootfs)) throw invalidConfig(what, "it has no rootfs");
  const diffIds = rootfs.diff_ids ?? [];
  if (!Array.isArray(diffIds)) throw invalidConfig(what, "its diff_ids are not a list");
  const wrong = diffIds.findIndex((diffId) => !isDigest(diffId));
  if (wrong >= 0) throw invalidConfig(what, `diff_ids[${wrong}] is not a digest`);
  return diffIds as Digest[];
}

function invalidConfig(what: string, reason: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONFIG_INVALID", `${what} is malformed: ${reason}`);
}
