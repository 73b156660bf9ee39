import { type Blob, streamBlob } from "@drayage/blob";
import { type SpooledLayer, spoolLayer } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import { type FileEntry, type ImageFiles, type LayerSource, openImageFiles } from "@drayage/image-files";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import { isLayerXattr } from "@drayage/pack";
import type { RepackOptions } from "@drayage/storage";
import { type TarEntryInput, type TarTime, type TarWriteEntry, writeTar } from "@drayage/tar";
import type { OperationOptions } from "@drayage/transport";
import type { LayerToMake } from "./container-layers.ts";

export interface MergedLayerOptions extends OperationOptions {
  readonly times: Pick<RepackOptions, "latest" | "time">;
  /** Where layers wait that are read more than once: `$TMPDIR` or /var/tmp where absent. */
  readonly temporaryDir?: string | undefined;
  readonly what: string;
}

/** All files of an image as one layer. Disposed of, its temporary files go. */
export interface MergedLayer extends AsyncDisposable {
  readonly layer: LayerToMake;
}

/**
 * The files of layers, the base first, as one layer without a container: the bytes that are committed of a container with these
 * files, when it is squashed.
 */
export function mergedLayer(
  source: LayerSource,
  layers: readonly Descriptor[],
  { times, temporaryDir, signal, what }: MergedLayerOptions,
): MergedLayer {
  const files = openImageFiles(source, layers, { temporaryDir, signal });
  return {
    layer: {
      tar: streamBlob((options) => writeTar(entriesOf(files, times), { signal: options.signal }), { what }),
      key: async () => undefined,
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** {@link mergedLayer} of tars that are made while they are read: each is read once, and waits compressed in a temporary file. */
export async function mergedTars(tars: readonly Blob[], options: MergedLayerOptions): Promise<MergedLayer> {
  const { temporaryDir, signal } = options;
  const spooled: SpooledLayer[] = [];
  const close = async (): Promise<void> => {
    for (const layer of spooled.splice(0)) await layer[Symbol.asyncDispose]();
  };
  try {
    for (const tar of tars)
      spooled.push(await spoolLayer(tar, { compression: { format: "none" }, temporaryDir, signal }));
    const blobs = new Map(spooled.map(({ layer }) => [layer.digest, layer.blob]));
    const source: LayerSource = {
      async blob({ digest }) {
        const blob = blobs.get(digest);
        if (blob !== undefined) return blob;
        throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${options.what} are in no layer ${digest}`);
      },
    };
    const layers = spooled.map(({ layer: { digest, size } }) => {
      return { mediaType: mediaTypes.ociLayerTar, digest, size };
    });
    const merged = mergedLayer(source, layers, options);
    return {
      layer: merged.layer,
      async [Symbol.asyncDispose]() {
        await merged[Symbol.asyncDispose]();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* entriesOf(
  files: ImageFiles,
  times: MergedLayerOptions["times"],
): AsyncGenerator<TarWriteEntry, void, undefined> {
  const entries: FileEntry[] = [];
  // The root itself is in no layer.
  for await (const entry of files.walk("/")) if (entry.path !== "/") entries.push(entry);
  const names = new Map<string, Uint8Array>();
  const isFirst = (entry: FileEntry): boolean => {
    const key = files.fileKey(entry);
    if (key === undefined || names.has(key)) return false;
    names.set(key, nameOf(entry));
    return true;
  };
  const read = new Set(entries.filter(isFirst));
  await using contents = files.contents([...read]);
  for (const entry of entries) {
    const header = headerOf(entry, times);
    if (read.has(entry)) {
      yield { header, body: contents.read(entry) };
      continue;
    }
    const rawLinkname = names.get(files.fileKey(entry) ?? "");
    yield { header: rawLinkname === undefined ? header : { ...header, type: "link", rawLinkname, size: 0 } };
  }
}

function nameOf({ rawPath }: FileEntry): Uint8Array {
  return rawPath.subarray(1);
}

/** As buildah's copier writes it: folders without a slash at their end, and whole seconds. */
function headerOf(entry: FileEntry, { time, latest }: MergedLayerOptions["times"]): TarEntryInput {
  const { type, mode, uid, gid, size, mtime, devmajor, devminor, xattrs, rawLinkname } = entry;
  const own = nearestSecond(mtime);
  const isLater = latest !== undefined && own.seconds > latest.seconds;
  return {
    rawName: nameOf(entry),
    type,
    ...{ mode, uid, gid, size, devmajor, devminor },
    mtime: time ?? (isLater ? latest : own),
    ...(type === "symlink" && { rawLinkname }),
    xattrs: new Map([...xattrs].filter(([name]) => isLayerXattr(name))),
  };
}

function nearestSecond({ seconds, nanoseconds }: TarTime): TarTime {
  return { seconds: nanoseconds < 500_000_000 ? seconds : seconds + 1, nanoseconds: 0 };
}
