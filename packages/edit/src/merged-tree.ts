import { type Blob, drain, inflated } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import { linkNames } from "@drayage/image-files";
import { opaqueWhiteout, TarDecoder, type TarEntryType, type TarHeader, whiteoutPrefix } from "@drayage/tar";

/** What a layer says of a file besides its content. */
export type Attributes = Pick<
  TarHeader,
  "mode" | "uid" | "gid" | "mtime" | "devmajor" | "devminor" | "xattrs"
>;

/** A file with all its names. */
export interface MergedFile {
  readonly type: Exclude<TarEntryType, "link" | "sparse" | "other">;
  /** A later hard link's header counts for the file that it names. */
  attributes: Attributes;
  /** Of a symbolic link, a character for each byte. */
  readonly target: string;
  /** Where its data is in the tar of one of the image's layers, with what is known of its holes. */
  readonly data: FileData;
}

export interface FileData {
  readonly layer: number;
  readonly offset: number;
  /** Of the file, holes included. */
  readonly size: number;
  /** Of what the tar has of it. */
  readonly storedSize: number;
  readonly sparse: TarHeader["sparse"];
}

/** A hard link to a file below the layers that were merged. */
export interface LinkBelow {
  readonly to: readonly string[];
  readonly attributes: Attributes;
}

/** A place in several layers applied one upon the other. */
export interface MergedNode {
  /** Undefined for a folder that no layer has an entry for. */
  file?: MergedFile | undefined;
  link?: LinkBelow | undefined;
  /** Of folders only. */
  children?: Map<string, MergedNode> | undefined;
  /** Nothing is here, and what is below the layers is hidden. */
  removed?: boolean | undefined;
  /** Of a folder: what is below the layers in its place is hidden, itself included. */
  replaced?: boolean | undefined;
  /** Of a folder: what is below the layers in it is hidden. */
  opaque?: boolean | undefined;
  /** Of a folder: the layer that hid what was in it last. */
  hiddenBy?: number | undefined;
  /** The layer that said something of it last. */
  layer: number;
}

const mostLinks = 40;
const mostEntries = 4_000_000;
/** `PATH_MAX` */
const longestPath = 4096;
/** No path leads deeper; links that stand deep themselves do. */
const deepest: number = longestPath / 2;

/** A tree that layers are applied to, the lowest first. */
export interface LayerMerge {
  readonly root: MergedNode;
  /**
   * Reads a layer, and applies its entries in their order (OCI image-spec, layer.md), as unpacking does.
   *
   * @param layer which of the image's layers it is
   * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, and what draining it throws
   */
  apply(blob: Blob, layer: number, signal: AbortSignal | undefined): Promise<void>;
}

/** @param above whether there are layers below the first, which are not looked at */
export function createMerge({ above }: { readonly above: boolean }): LayerMerge {
  const root: MergedNode = { children: new Map(), layer: -1 };
  let entries = 0;
  return {
    root,
    async apply(blob, layer, signal) {
      const decoder = new TarDecoder();
      const applier = new Applier(root, layer, above);
      const takeAll = (): void => {
        for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
          if (event.type !== "header") continue;
          entries += 1;
          if (entries > mostEntries) {
            throw new DrayageError(
              "ERR_DRAYAGE_LIMIT_EXCEEDED",
              `the layers have more than ${mostEntries} entries`,
            );
          }
          applier.entry(event.header, event.dataOffset);
        }
      };
      const write = (chunk: Uint8Array): void => {
        decoder.push(chunk);
        takeAll();
      };
      await drain(inflated(blob), { kind: "writer", write }, { signal });
      decoder.finish();
      takeAll();
    },
  };
}

class Applier {
  readonly #root: MergedNode;
  readonly #layer: number;
  readonly #above: boolean;

  constructor(root: MergedNode, layer: number, above: boolean) {
    this.#root = root;
    this.#layer = layer;
    this.#above = above;
  }

  entry(header: TarHeader, offset: number): void {
    const names = namesOf(header.rawName);
    const base = names.at(-1);
    if (base === undefined) {
      if (header.type !== "directory") throw invalid(header, "is the root, and no folder");
      this.#root.file = this.#file(header, "directory", offset);
      return;
    }
    const folder = names.slice(0, -1);
    if (base.startsWith(whiteoutPrefix)) {
      this.#whiteout(folder, base, header);
      return;
    }
    if (header.type === "other") throw invalid(header, "has a type without meaning");
    const parent = this.#folder(folder, header, true);
    if (parent === undefined) return;
    const children = childrenOf(parent);
    if (header.type === "link") {
      children.set(base, this.#linked(header, names));
    } else if (header.type === "directory") {
      this.#place(children, base).file = this.#file(header, "directory", offset);
    } else {
      const type = header.type === "sparse" ? "file" : header.type;
      children.set(base, { file: this.#file(header, type, offset), layer: this.#layer });
    }
  }

  #whiteout(folder: readonly string[], base: string, header: TarHeader): void {
    const isOpaque = base === opaqueWhiteout;
    const name = base.slice(whiteoutPrefix.length);
    // Files of aufs' own have no meaning in a layer.
    if (!isOpaque && name.startsWith(whiteoutPrefix)) return;
    if (["", ".", ".."].includes(name)) throw invalid(header, "is a whiteout of no file");
    const parent = this.#folder(folder, header, false);
    if (parent === undefined) return;
    if (isOpaque) {
      this.#hideBelow(parent);
      return;
    }
    const children = childrenOf(parent);
    const there = children.get(name);
    if (there === undefined || !this.#hasOwn(there)) {
      children.set(name, { removed: true, layer: this.#layer });
    } else if (there.children !== undefined) {
      // The layer's own files stay, whichever comes first.
      this.#hideBelow(there);
      there.replaced = true;
      if (there.layer !== this.#layer) there.file = undefined;
    }
  }

  /** Takes away what lower layers have in a folder. */
  #hideBelow(folder: MergedNode): void {
    // Since then nothing has come but the layer's own.
    if (folder.hiddenBy === this.#layer) return;
    folder.hiddenBy = this.#layer;
    folder.opaque = true;
    for (const [name, child] of folder.children ?? []) {
      if (!this.#hasOwn(child)) folder.children?.delete(name);
      else if (child.children !== undefined) {
        this.#hideBelow(child);
        if (child.layer !== this.#layer) child.file = undefined;
      }
    }
  }

  /** Whether the layer has something at a place, or below it. */
  #hasOwn(node: MergedNode): boolean {
    if (node.layer === this.#layer && node.removed !== true) return true;
    for (const child of node.children?.values() ?? []) if (this.#hasOwn(child)) return true;
    return false;
  }

  /** The folder at a path; links on the way are followed below the root. Undefined where a whiteout has none to be in. */
  #folder(names: readonly string[], header: TarHeader, makes: boolean): MergedNode | undefined {
    const way: MergedNode[] = [this.#root];
    let left = [...names];
    let links = 0;
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      if (name === "..") {
        if (way.length > 1) way.pop();
        continue;
      }
      const children = childrenOf(way.at(-1) ?? this.#root);
      const there = children.get(name);
      const target = there?.file?.type === "symlink" ? there.file.target : undefined;
      if (target !== undefined) {
        links += 1;
        if (links > mostLinks) throw invalid(header, "is behind too many links");
        if (target.startsWith("/")) way.splice(1);
        left = [...linkNames(target), ...left];
        continue;
      }
      const isFile = there !== undefined && there.removed !== true && there.children === undefined;
      if (isFile && !makes) return undefined;
      if (isFile && there.layer === this.#layer) throw invalid(header, "stands below what is no folder");
      if (way.length > deepest) throw invalid(header, `is more than ${deepest} folders deep, through links`);
      way.push(there?.children === undefined ? this.#place(children, name, -1) : there);
    }
    return way.at(-1);
  }

  /** The folder at a place, which is made where there is none. */
  #place(children: Map<string, MergedNode>, name: string, layer: number = this.#layer): MergedNode {
    const there = children.get(name);
    if (there?.children !== undefined) {
      there.layer = layer;
      return there;
    }
    const hides = there !== undefined;
    const made: MergedNode = { children: new Map(), layer, ...(hides && { replaced: true, opaque: true }) };
    children.set(name, made);
    return made;
  }

  #linked(header: TarHeader, names: readonly string[]): MergedNode {
    const to = namesOf(header.rawLinkname);
    if (names.every((name, at) => to[at] === name))
      throw invalid(header, "is a link to what it takes the place of");
    const target = findNode(this.#root, to, false);
    const attributes = attributesOf(header);
    if (target?.file !== undefined && target.children === undefined) {
      target.file.attributes = { ...target.file.attributes, ...withoutKind(attributes) };
      return { file: target.file, layer: this.#layer };
    }
    if (target?.link !== undefined) return { link: { ...target.link, attributes }, layer: this.#layer };
    const isBelow = target === undefined && this.#above && !hidesBelow(this.#root, to);
    if (isBelow) return { link: { to, attributes }, layer: this.#layer };
    throw invalid(header, `is a link to ${textOf(to)}, which is no file`);
  }

  #file(header: TarHeader, type: MergedFile["type"], offset: number): MergedFile {
    const { size, sparse } = header;
    const isFile = type === "file";
    return {
      type,
      attributes: attributesOf(header),
      target: type === "symlink" ? latin1(header.rawLinkname) : "",
      data: {
        layer: this.#layer,
        offset,
        size: isFile ? (sparse?.realSize ?? size) : 0,
        storedSize: isFile ? size : 0,
        sparse,
      },
    };
  }
}

function attributesOf({ mode, uid, gid, mtime, devmajor, devminor, xattrs }: TarHeader): Attributes {
  return { mode: mode & 0o7777, uid, gid, mtime, devmajor, devminor, xattrs };
}

/** What a hard link's header says that is about the file, and not what kind it is. */
function withoutKind({ mode, uid, gid, mtime, xattrs }: Attributes): Partial<Attributes> {
  return { mode, uid, gid, mtime, ...(xattrs.size > 0 && { xattrs }) };
}

/** What is at a path; links on the way are followed, and one at its end where that is wanted. */
export function findNode(
  root: MergedNode,
  names: readonly string[],
  follow: boolean,
): MergedNode | undefined {
  const way: MergedNode[] = [root];
  let left = [...names];
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const node = way.at(-1)?.children?.get(name);
    if (node === undefined || node.removed === true) return undefined;
    if (node.file?.type === "symlink" && (follow || left.length > 0)) {
      links += 1;
      if (links > mostLinks) return undefined;
      if (node.file.target.startsWith("/")) way.splice(1);
      left = [...linkNames(node.file.target), ...left];
      continue;
    }
    way.push(node);
  }
  return way.at(-1);
}

/** Whether what lower layers have at a path is hidden. */
export function hidesBelow(root: MergedNode, names: readonly string[]): boolean {
  let node: MergedNode | undefined = root;
  for (const name of names) {
    const child: MergedNode | undefined = node?.children?.get(name);
    if (child === undefined) return node?.opaque === true || node?.children === undefined;
    if (child.removed === true) return true;
    node = child;
  }
  return node.children === undefined || node.replaced === true;
}

/** The names on the way to a path, a character for each byte, held below the root as in a chroot: `/../a/./b` is `a`, `b`. */
function namesOf(raw: Uint8Array): readonly string[] {
  if (raw.length > longestPath) {
    throw new DrayageError(
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      `a path of a layer has more than ${longestPath} bytes`,
    );
  }
  const names: string[] = [];
  for (const name of latin1(raw).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

function childrenOf(node: MergedNode): Map<string, MergedNode> {
  node.children ??= new Map();
  return node.children;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** A path for messages. */
export function textOf(names: readonly string[]): string {
  return JSON.stringify(Buffer.from(`/${names.join("/")}`, "latin1").toString());
}

function invalid({ name }: TarHeader, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `tar entry ${JSON.stringify(name)} ${what}`);
}
