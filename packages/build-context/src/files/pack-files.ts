import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  type ByteString,
  byteStringOf,
  bytesOf,
  chunkBuilder,
  type Entry,
  isLayerXattr,
  nearestSecond,
  textOf,
} from "@drayage/pack";
import { encodeTarHeader, type TarTime, tarEnd, tarPadding } from "@drayage/tar";
import { prefixOf, withEntries, withFolders } from "../added-root.ts";
import { contentDigest } from "../layer/content-digest.ts";
import { findDestination } from "../layer/destination.ts";
import { inDialect, type LayerSettings } from "../layer/entry-settings.ts";
import { madeFolders } from "../layer/made-folders.ts";
import { isFolder } from "../layer/planned.ts";
import { inOrder } from "../layer/precedence.ts";
import { writeArchive } from "../layer/write-archive.ts";
import { layerKey } from "../layer-cache/key.ts";
import type { AddedFacts, LayerTarOptions, PackedSources, SourceOptions } from "../options.ts";
import { matcherOf, plainDestination } from "../pack-sources.ts";
import { emptyRoot, type RootEntry, type RootView } from "../root-view.ts";
import { entryChanges, layerSettings } from "../settings.ts";
import { tarEvents } from "../sources/archive.ts";
import type { LocalItem } from "../sources/find-sources.ts";
import { tarRoot } from "../tar-root.ts";
import { filesOf, findFiles, type PlannedFile } from "./find-files.ts";
import { pathBytes, pathOf, type SourceFile, type SourceFiles, statsOf } from "./source-files.ts";

export interface PackFilesOptions
  extends Omit<SourceOptions, "checksum" | "http" | "preserveOwners" | "retries"> {
  /** What tells the files from others, such as the digest of an image. */
  readonly identity: string;
  /** As that of `packSources`. */
  readonly root?: RootView | undefined;
}

/**
 * `packSources` of files that are in no folder: sources are paths and patterns below their root, which `contextDir` is below, too. They are
 * written in the same order, and so are the digests.
 *
 * @throws as `packSources`, and what reading the files throws
 */
export async function packFiles(
  files: SourceFiles,
  { sources, destination }: { readonly sources: readonly string[]; readonly destination: string },
  options: PackFilesOptions,
): Promise<PackedSources> {
  const { root = emptyRoot, workingDir = "/", parents = false, signal, limits = {} } = options;
  const changes = await entryChanges(options, root);
  const nowhere = { root: "/", isMachine: true };
  const { matcher } = await matcherOf(nowhere, { ...options, ignoreFile: options.ignoreFile ?? false });
  const items = await findFiles(sources, {
    ...{ files, matcher, parents, signal },
    folder: options.contextDir ?? "/",
    expandArchives: options.expandArchives ?? false,
  });
  const place = await findDestination(destination, {
    ...{ root, workingDir, items, parents },
    sourceCount: sources.length,
  });
  const groups = await groupsOf(items, { files, matcher, rename: place.rename });
  const entryLimit = limits.entries ?? 5_000_000;
  const plan: Plan = { files, items, groups, root, entryLimit, prefix: prefixOf(place) };
  let facts: AddedFacts | undefined;
  return {
    destination: place.text,
    owner: changes.owner,
    tar: (tarOptions = {}) =>
      write(plan, {
        ...tarOptions,
        settings: layerSettings(changes, tarOptions),
        onEnd: (known) => {
          facts = known;
        },
      }),
    facts() {
      if (facts === undefined)
        throw new TypeError("what was added is known once the tar was read to its end");
      return facts;
    },
    async listing({ settings } = {}) {
      const identity = (await root.identity?.()) ?? null;
      const told = items.map(({ kind, written, pivot }) => [kind, written, pivot]);
      const excluded = groups.flatMap((group) =>
        group.kind === "files" ? group.entries.filter(({ isKept }) => isKept).map(({ name }) => name) : [],
      );
      const key = layerKey({
        ...{ from: options.identity, told, excluded, changes, settings, identity },
        destination: plainDestination(place),
      }).finish();
      const kept = groups.flatMap((group) => (group.kind === "files" ? group.entries : []));
      const bytes = kept.reduce((sum, { file }) => sum + file.size, 0);
      return { key: { ...key, settled: identity !== null }, entries: kept.length, bytes };
    },
    addedTo: (below) => addedTo(plan, withFolders({ destination: place, changes }, below), changes),
    [Symbol.asyncDispose]: async () => {},
  };
}

type FileGroup =
  | { readonly kind: "files"; readonly entries: readonly PlannedFile[] }
  | { readonly kind: "archive"; readonly item: number; readonly path: ByteString };

interface Plan {
  readonly files: SourceFiles;
  readonly items: readonly LocalItem[];
  readonly groups: readonly FileGroup[];
  readonly root: RootView;
  readonly prefix: ByteString;
  readonly entryLimit: number;
}

async function groupsOf(
  items: readonly LocalItem[],
  options: Parameters<typeof filesOf>[2],
): Promise<readonly FileGroup[]> {
  const groups: FileGroup[] = [];
  let lists: (readonly PlannedFile[])[] = [];
  const flush = (): void => {
    if (lists.length > 0) groups.push({ kind: "files", entries: inOrder(lists) });
    lists = [];
  };
  for (const [index, item] of items.entries()) {
    if (item.kind === "archive") {
      flush();
      groups.push({ kind: "archive", item: index, path: item.path });
    } else {
      lists.push(await filesOf(item, index, options));
    }
  }
  flush();
  return groups;
}

interface WriteOptions extends LayerTarOptions {
  readonly settings: LayerSettings;
  readonly onEnd: (facts: AddedFacts) => void;
}

async function* write(
  { files, items, groups, root, prefix, entryLimit }: Plan,
  { settings, borrow = false, contentDigest: isDigestWanted = true, signal, onEnd }: WriteOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = chunkBuilder(borrow);
  const counts = { files: 0, bytes: 0 };
  const digest = contentDigest(items, isDigestWanted);
  const folders = madeFolders(root, settings);
  async function* leading(path: ByteString): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const folder of folders.leadingTo(path))
      yield* chunks.add(encodeTarHeader(inDialect(folder, settings)));
  }
  yield* leading(`${prefix}.`);
  for (const group of groups) {
    if (group.kind === "archive") {
      yield* writeArchive(tarEvents(files.read(pathBytes(group.path)), { signal }), {
        ...{ chunks, settings, prefix, counts, entryLimit, hasher: digest.hasher(group.item) },
        before: (path) => (folders.isReached(path) ? [] : folders.leadingTo(path)),
        onFolder: (path) => folders.note(path),
      });
      continue;
    }
    const steps = stepsOf(files, group.entries, isDigestWanted);
    await using contents = files.contents(
      steps.filter(({ isRead }) => isRead).map(({ planned }) => planned.file),
    );
    for (const { planned, isRead, inLayer, inContent } of steps) {
      throwIfAborted(signal, "pack files");
      const { file, name, isKept } = planned;
      const path = `${prefix}${name}`;
      const hasher = digest.hasher(planned.item);
      const entry = entryOf(file, { path, settings });
      const layer = asLink(entry, inLayer, prefix);
      const content = asLink(entry, inContent, "");
      // In buildah's tar links have the mode that is set, too.
      const mode = settings.chmod ?? content.mode;
      hasher?.update(encodeTarHeader({ ...content, rawName: bytesOf(name), mode, mtime: epoch }));
      if (isKept) {
        if (!folders.isReached(path)) yield* leading(path);
        if (isFolder(planned)) folders.note(path);
        else counts.files += 1;
        yield* chunks.add(encodeTarHeader(inDialect(layer, settings)));
      }
      if (!isRead) continue;
      for await (const bytes of contents.read(file)) {
        if (content.type === "file") hasher?.update(bytes);
        if (isKept && layer.type === "file") yield* chunks.add(bytes);
      }
      if (content.type === "file") hasher?.update(tarPadding(file.size));
      if (!isKept || layer.type !== "file") continue;
      counts.bytes += file.size;
      yield* chunks.add(tarPadding(file.size));
    }
  }
  yield* chunks.add(tarEnd());
  const rest = chunks.rest();
  if (rest !== undefined) yield rest;
  onEnd({ ...digest.finish(), ...counts });
}

const epoch: TarTime = { seconds: 0, nanoseconds: 0 };

function asLink(entry: Entry, target: ByteString | undefined, prefix: ByteString): Entry {
  if (target === undefined) return entry;
  return { ...entry, type: "link", rawLinkname: bytesOf(`${prefix}${target}`), size: 0 };
}

/** A file, the names that it has in the layer already and in buildah's tar of its item, and whether its content is needed. */
interface Step {
  readonly planned: PlannedFile;
  readonly inLayer: ByteString | undefined;
  readonly inContent: ByteString | undefined;
  readonly isRead: boolean;
}

function stepsOf(
  files: SourceFiles,
  entries: readonly PlannedFile[],
  isDigestWanted: boolean,
): readonly Step[] {
  const layer = new Map<string, ByteString>();
  const content = new Map<string, ByteString>();
  return entries.map((planned): Step => {
    const { item, name, file, isKept } = planned;
    const key = files.fileKey(file);
    if (key === undefined) return { planned, inLayer: undefined, inContent: undefined, isRead: false };
    const own = `${item} ${key}`;
    const [inLayer, inContent] = [layer.get(own), content.get(own)];
    if (isKept && inLayer === undefined) layer.set(own, name);
    if (inContent === undefined) content.set(own, name);
    const isRead = (isKept && inLayer === undefined) || (isDigestWanted && inContent === undefined);
    return { planned, inLayer, inContent, isRead };
  });
}

function entryOf(
  file: SourceFile,
  { path, settings }: { readonly path: ByteString; readonly settings: LayerSettings },
): Entry {
  const { type, size, devmajor, devminor, xattrs, rawLinkname } = file;
  const { uid, gid } = settings.owner ?? file;
  return {
    rawName: bytesOf(type === "directory" ? `${path}/` : path),
    type,
    // A link's mode cannot be set.
    mode: type === "symlink" ? file.mode : (settings.chmod ?? file.mode),
    ...{ uid, gid, size, devmajor, devminor },
    mtime: settings.time ?? nearestSecond(statsOf(file).mtimeNs),
    ...(type === "symlink" && { rawLinkname }),
    xattrs: new Map([...xattrs].filter(([name]) => isLayerXattr(name))),
  };
}

function addedTo(
  plan: Plan,
  below: RootView,
  changes: Parameters<typeof withFolders>[0]["changes"],
): RootView {
  const { files, groups, prefix } = plan;
  let root = below;
  for (const group of groups) {
    if (group.kind === "archive") {
      root = tarRoot(root, {
        events: () => tarEvents(files.read(pathBytes(group.path)), {}),
        ...{ prefix, identity: () => undefined },
      });
      continue;
    }
    const settings = layerSettings(changes, { xattrs: false });
    const added = new Map<ByteString, SourceFile>();
    for (const { name, file, isKept } of group.entries) if (isKept) added.set(`${prefix}${name}`, file);
    root = withEntries(root, {
      lookup(path) {
        const file = added.get(path);
        return file && rootEntryOf(entryOf(file, { path, settings }));
      },
      async read(path, limit) {
        const file = added.get(path);
        return file?.type === "file" ? readLimited(files, file, limit) : undefined;
      },
    });
  }
  return root;
}

function rootEntryOf({
  type,
  mode = 0,
  uid = 0,
  gid = 0,
  mtime = epoch,
  rawLinkname,
  xattrs,
}: Entry): RootEntry {
  const kind = type === "file" || type === "directory" || type === "symlink" ? type : "other";
  const linkname = rawLinkname && textOf(byteStringOf(rawLinkname));
  return { type: kind, mode, uid, gid, mtime, xattrs, ...(linkname !== undefined && { linkname }) };
}

async function readLimited(files: SourceFiles, file: SourceFile, limit: number): Promise<Uint8Array> {
  if (file.size > limit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${JSON.stringify(textOf(pathOf(file)))} has more than the ${limit} bytes that are accepted`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.read(file.rawPath)) chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}
