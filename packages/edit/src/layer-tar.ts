import type { Blob } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import { contentReader, type StoredContent } from "@drayage/image-files";
import {
  opaqueWhiteout,
  type TarEntryInput,
  type TarTime,
  type TarWriteEntry,
  whiteoutPrefix,
  writeTar,
} from "@drayage/tar";
import {
  type Attributes,
  type FileData,
  hidesBelow,
  type LinkBelow,
  type MergedFile,
  type MergedNode,
} from "./merged-tree.ts";

export interface LayerTarOptions {
  /** Whether there are layers below, for which whiteouts are written. */
  readonly marks: boolean;
  /**
   * `sorted`: names in the order of their bytes, a folder before what is in it. `layers`: folders first, and files in the order that the
   * layers have them, so that each layer is read once and from its start to its end.
   */
  readonly order: "sorted" | "layers";
  /** What becomes of the time of an entry; it stays where absent. */
  readonly time?: ((time: TarTime) => TarTime) | undefined;
}

export interface ReadLayers {
  readonly signal?: AbortSignal | undefined;
  readonly temporaryDir?: string | undefined;
  /** The blob of one of the image's layers. */
  readonly blob: (layer: number) => Promise<Blob>;
}

/** Sparse files are written with their holes: no more than this. */
const mostSparse = 64 * 1024 ** 3;

interface Item {
  readonly header: TarEntryInput;
  readonly data?: MergedFile | undefined;
}

/** The tar of a merged tree. Numbers of owners count, not their names; extended attributes are kept. */
export async function* layerTar(
  root: MergedNode,
  options: LayerTarOptions,
  read: ReadLayers,
): AsyncGenerator<Uint8Array, void, undefined> {
  const items = itemsOf(root, options);
  yield* writeTar(entries(items, read), { signal: read.signal });
}

function itemsOf(root: MergedNode, options: LayerTarOptions): readonly Item[] {
  const time = options.time ?? ((own: TarTime): TarTime => own);
  const names = new Map<MergedFile, string>();
  const early: Item[] = [];
  const first: Item[] = [];
  const later: {
    readonly file: { readonly data: Pick<FileData, "layer" | "offset"> };
    readonly items: Item[];
  }[] = [];
  const linksOf = new Map<MergedFile, Item[]>();

  function visit(node: MergedNode, path: string): void {
    if (node.removed === true) {
      if (options.marks) first.push({ header: mark(markedName(path), time) });
      return;
    }
    if (node.children === undefined) {
      addFile(node, path);
      return;
    }
    const isBare = [...node.children.values()].every((child) => child.removed === true);
    if (isBare && node.file === undefined && !options.marks && path !== "") {
      // What is in no other entry's path would not be there.
      first.push({ header: { rawName: bytes(`${path}/`), type: "directory", mode: 0o755 } });
    }
    if (node.file !== undefined) {
      first.push({ header: headerOf(node.file, path === "" ? "./" : `${path}/`, time) });
    }
    if (options.marks && node.replaced === true && node.file === undefined) {
      // The folder that was here goes, too: what comes below it makes another.
      first.push({ header: mark(markedName(path), time) });
    } else if (options.marks && node.opaque === true) {
      first.push({ header: mark(join(path, opaqueWhiteout), time) });
    }
    for (const name of [...node.children.keys()].sort()) {
      const child = node.children.get(name);
      if (child !== undefined) visit(child, join(path, name));
    }
  }
  function addFile({ file, link }: MergedNode, path: string): void {
    if (file === undefined) {
      const item = link === undefined ? undefined : { header: linkHeader(path, link, time) };
      // Before the layer itself takes away, or replaces, what the link is to.
      if (item !== undefined && link !== undefined && hidesBelow(root, link.to)) early.push(item);
      else if (item !== undefined && options.order === "sorted") first.push(item);
      else if (item !== undefined) later.push({ file: nowhere, items: [item] });
      return;
    }
    const earlier = names.get(file);
    if (earlier !== undefined) {
      const { rawName: _, ...facts } = headerOf(file, path, time);
      const header = {
        ...facts,
        rawName: bytes(path),
        type: "link",
        size: 0,
        rawLinkname: bytes(earlier),
      } as const;
      linksOf.get(file)?.push({ header });
      if (options.order === "sorted") first.push({ header });
      return;
    }
    names.set(file, path);
    const item: Item = {
      header: headerOf(file, path, time),
      data: file.type === "file" ? file : undefined,
    };
    const group = { file, items: [item] };
    linksOf.set(file, group.items);
    if (options.order === "sorted") first.push(item);
    else later.push(group);
  }
  visit(root, "");
  later.sort(({ file: { data: a } }, { file: { data: b } }) => a.layer - b.layer || a.offset - b.offset);
  return [...early, ...first, ...later.flatMap((group) => group.items)];
}

/** Links to files below these layers come behind all else. */
const nowhere = { data: { layer: Number.MAX_SAFE_INTEGER, offset: 0 } };

async function* entries(
  items: readonly Item[],
  { signal, temporaryDir, blob }: ReadLayers,
): AsyncGenerator<TarWriteEntry, void, undefined> {
  const wanted = items.flatMap(({ data }) => (data === undefined ? [] : [storedContent(data)]));
  await using contents = contentReader(wanted, { signal, temporaryDir, blob });
  for (const { header, data: file } of items) {
    if (file === undefined || file.data.size === 0) {
      yield { header };
      continue;
    }
    if (file.data.sparse !== undefined && file.data.size > mostSparse) throw tooSparse(header);
    yield { header, body: contents.read(storedContent(file)) };
  }
}

function storedContent({ data: { layer, offset, storedSize, sparse } }: MergedFile): StoredContent<number> {
  return { layer, dataOffset: offset, dataSize: storedSize, sparse };
}

function headerOf(file: MergedFile, path: string, time: (own: TarTime) => TarTime): TarEntryInput {
  const { type, attributes, target, data } = file;
  return {
    rawName: bytes(path),
    type,
    ...timed(attributes, time),
    size: data.size,
    ...(type === "symlink" && { rawLinkname: bytes(target) }),
  };
}

function linkHeader(
  path: string,
  { to, attributes }: LinkBelow,
  time: (own: TarTime) => TarTime,
): TarEntryInput {
  return {
    rawName: bytes(path),
    type: "link",
    ...timed(attributes, time),
    rawLinkname: bytes(to.join("/")),
  };
}

function timed(attributes: Attributes, time: (own: TarTime) => TarTime): TarEntryInput {
  const mtime = time(attributes.mtime);
  return { ...attributes, mtime, ...(mtime.nanoseconds !== 0 && { format: "pax" as const }) };
}

function mark(path: string, time: (own: TarTime) => TarTime): TarEntryInput {
  return { rawName: bytes(path), type: "file", mtime: time({ seconds: 0, nanoseconds: 0 }) };
}

function markedName(path: string): string {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash + 1)}${whiteoutPrefix}${path.slice(slash + 1)}`;
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Paths are kept as a character for each byte. */
function bytes(path: string): Uint8Array {
  return Buffer.from(path, "latin1");
}

function tooSparse({ rawName = new Uint8Array() }: TarEntryInput): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the sparse file ${JSON.stringify(Buffer.from(rawName).toString())} is larger than ${mostSparse} bytes`,
  );
}
