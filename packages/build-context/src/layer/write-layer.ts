import { type ByteString, chunkBuilder, createBreather, type OwnerNames } from "@drayage/pack";
import { encodeTarHeader, tarEnd } from "@drayage/tar";
import type { AddedFacts } from "../options.ts";
import type { RootView } from "../root-view.ts";
import { archiveEvents } from "../sources/archive.ts";
import { type Context, contextOwnerNames } from "../sources/context.ts";
import type { Item } from "../sources/find-sources.ts";
import { locate } from "../sources/locate.ts";
import { type ContentDigest, contentDigest } from "./content-digest.ts";
import { type Cursor, openCursor } from "./cursor.ts";
import type { Destination } from "./destination.ts";
import { inDialect, type LayerSettings } from "./entry-settings.ts";
import { type MadeFolders, madeFolders } from "./made-folders.ts";
import { type Group, isFolder, type Planned } from "./planned.ts";
import { writeArchive } from "./write-archive.ts";
import {
  type FileWriterOptions,
  type LinkNames,
  linkNames,
  writeDownload,
  writeFile,
} from "./write-files.ts";

export interface WriteLayerOptions {
  readonly context: Context;
  readonly items: readonly Item[];
  readonly groups: readonly Group[];
  readonly settings: LayerSettings;
  readonly destination: Destination;
  /** `layer`: names are below the root, with the folders that lead to them. `folder`: below the destination, and nothing else. */
  readonly form: "layer" | "folder";
  readonly root: RootView;
  readonly isDigestWanted: boolean;
  readonly isDigestPortable: boolean;
  readonly borrow: boolean;
  readonly entryLimit: number;
  readonly signal: AbortSignal | undefined;
  /** Told what was added, once all is written. */
  readonly onEnd: (facts: AddedFacts) => void;
}

const noNames: OwnerNames = { user: () => "", group: () => "" };

/** The tar of what was planned. */
export async function* writeLayer(options: WriteLayerOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const breathe = createBreather(options.signal, "pack files");
  await breathe();
  for await (const chunk of write(options)) {
    yield chunk;
    await breathe();
  }
}

/** What is needed while a layer is written. */
interface Writing {
  readonly options: WriteLayerOptions;
  readonly files: FileWriterOptions;
  readonly digest: ContentDigest;
  readonly folders: MadeFolders;
}

async function* write(options: WriteLayerOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { context, items, groups, settings, destination, form, onEnd } = options;
  const chunks = chunkBuilder(options.borrow);
  const counts = { files: 0, bytes: 0 };
  const digest = contentDigest(items, options.isDigestWanted);
  const prefix = form === "folder" || destination.folder === "" ? "" : `${destination.folder}/`;
  const folders = madeFolders(options.root, settings);
  const contextNames = options.isDigestPortable ? noNames : contextOwnerNames(context);
  const files = { chunks, settings, contextNames, prefix, counts };
  const writing = { options, files, digest, folders };
  if (form === "layer") yield* writeLeading(`${prefix}.`, writing);
  for (const group of groups) {
    if (group.kind === "archive") yield* writeArchiveItem(group.item, writing);
    else yield* writeGroup(group.entries, writing);
  }
  yield* chunks.add(tarEnd());
  const rest = chunks.rest();
  if (rest !== undefined) yield rest;
  onEnd({ ...digest.finish(), ...counts });
}

/** Writes the folders that lead to a path and have no entry yet. */
async function* writeLeading(
  path: ByteString,
  { folders, files }: Writing,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const folder of folders.leadingTo(path)) {
    yield* files.chunks.add(encodeTarHeader(inDialect(folder, files.settings)));
  }
}

async function* writeGroup(
  entries: readonly Planned[],
  writing: Writing,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { options, files, digest, folders } = writing;
  const { items, form } = options;
  const opened = new Map<number, { readonly cursor: Cursor; readonly links: LinkNames }>();
  const openedFor = (item: number): { readonly cursor: Cursor; readonly links: LinkNames } => {
    const known = opened.get(item);
    if (known !== undefined) return known;
    const made = { cursor: openCursor(options.context.root), links: linkNames() };
    opened.set(item, made);
    return made;
  };
  try {
    for (const planned of entries) {
      const path = `${files.prefix}${planned.name}`;
      const hasher = digest.hasher(planned.item);
      if (planned.isKept && form === "layer") {
        if (!folders.isReached(path)) yield* writeLeading(path, writing);
        if (isFolder(planned)) folders.note(path);
      }
      const item = items[planned.item];
      if (item?.kind === "download") {
        yield* writeDownload(item.download, planned, { hasher, options: files });
      } else {
        yield* writeFile(planned, { ...openedFor(planned.item), hasher }, files);
      }
    }
  } finally {
    for (const { cursor } of opened.values()) cursor[Symbol.dispose]();
  }
}

async function* writeArchiveItem(
  index: number,
  { options, files, digest, folders }: Writing,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { context, items, form, signal } = options;
  const item = items[index];
  if (item?.kind !== "archive") return;
  using place = locate(context.root, item.path, { follow: true });
  if (place === undefined) return;
  const isLayer = form === "layer";
  yield* writeArchive(archiveEvents(place, { signal }), {
    ...files,
    hasher: digest.hasher(index),
    entryLimit: options.entryLimit,
    before(path) {
      return !isLayer || folders.isReached(path) ? [] : folders.leadingTo(path);
    },
    onFolder: (path) => folders.note(path),
  });
}
