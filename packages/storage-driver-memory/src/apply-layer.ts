import { type ByteString, namesOf } from "./byte-string.ts";
import { type Entry, fileOf, type Whiteout, whiteoutOf } from "./entry.ts";
import { entryError, invalid } from "./entry-error.ts";
import {
  createFolder,
  emptyRoot,
  type FolderNode,
  impliedAttributes,
  linkLimit,
  lookUp,
  type Maker,
  type Node,
  partsOf,
} from "./tree.ts";

/** A layer's files, with those of the layers below it. */
export interface LayerTree {
  readonly root: FolderNode;
  /** What the layer itself has made is marked with this. */
  readonly maker: Maker;
}

/**
 * Puts a layer's entries on the layers below, which stay as they are. Whiteouts only hide what is below the layer, whatever their
 * place in the archive: OCI image-spec, layer.md.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, which names the entry
 */
export function applyLayer(entries: Iterable<Entry>, below: LayerTree | undefined): LayerTree {
  const maker: Maker = Symbol("layer");
  const layer = new LayerBuilder(maker, below?.root);
  for (const entry of entries) {
    try {
      layer.take(entry);
    } catch (error) {
      throw entryError(error, entry.name);
    }
  }
  return { root: layer.root, maker };
}

/** Makes a folder for the sake of what is to be in it; undefined where there is to be none. */
type MakeFolder = (
  parent: FolderNode,
  name: ByteString,
  obstacle: Node | undefined,
) => FolderNode | undefined;

class LayerBuilder {
  readonly root: FolderNode;
  readonly #maker: Maker;
  /** Names that the layer hides and has put nothing in the place of. */
  readonly #hidden = new Map<FolderNode, Set<ByteString>>();
  /** Names below whose files the layer has changed by hard links to them, and put nothing in the place of. */
  readonly #linked = new Map<FolderNode, Set<ByteString>>();

  constructor(maker: Maker, below: FolderNode | undefined) {
    this.#maker = maker;
    this.root = below === undefined ? emptyRoot(maker) : this.#copyOf(below);
  }

  take(entry: Entry): void {
    const whiteout = whiteoutOf(entry);
    if (whiteout !== undefined) {
      this.#takeWhiteout(entry, whiteout);
      return;
    }
    const { attributes, type } = entry;
    const name = entry.path.at(-1);
    if (name === undefined) {
      if (type !== "directory") throw invalid("the root of a layer can only be a folder");
      this.root.attributes = attributes;
      return;
    }
    const folder = this.#lead(entry.path.slice(0, -1), this.#makeImplied);
    if (folder === undefined) throw new TypeError("a missing folder is made");
    switch (type) {
      case "directory":
        this.#putFolder(folder, name, entry);
        return;
      case "link":
        this.#putLink(folder, name, entry);
        return;
      case "other":
        throw invalid(`its type ${JSON.stringify(entry.typeflag)} has no meaning in a layer`);
      default:
        this.#put(folder, name, fileOf(entry, type === "sparse" ? "file" : type, this.#maker));
    }
  }

  #put(folder: FolderNode, name: ByteString, node: Node): void {
    folder.children.set(name, node);
    this.#hidden.get(folder)?.delete(name);
    this.#linked.get(folder)?.delete(name);
  }

  #putFolder(parent: FolderNode, name: ByteString, { attributes }: Entry): void {
    const there = parent.children.get(name);
    if (there?.type !== "directory") {
      this.#put(parent, name, createFolder(this.#maker, attributes));
      return;
    }
    const folder = this.#own(parent, name, there);
    folder.attributes = attributes;
    folder.put = true;
  }

  #putLink(folder: FolderNode, name: ByteString, { attributes, target }: Entry): void {
    const names = namesOf(target);
    const base = names.at(-1) ?? "";
    const from = this.#lead(names.slice(0, -1), () => undefined);
    const there = from?.children.get(base);
    const refuse = (why: string): Error => invalid(`it is a hard link to ${JSON.stringify(target)}: ${why}`);
    if (from === folder && base === name) throw invalid("it is a link to itself");
    if (from === undefined || there === undefined) throw refuse("its target is not there");
    if (there.type === "directory") throw refuse("its target is a folder");
    const old = folder.children.get(name);
    if (old !== undefined && this.#leads(old, from)) {
      throw refuse("it takes the place of a folder that has its target");
    }
    const file = there.maker === this.#maker ? there : { ...there, maker: this.#maker };
    if (file !== there) {
      from.children.set(base, file);
      this.#linked.set(from, (this.#linked.get(from) ?? new Set()).add(base));
    }
    if (file.type !== "symlink") {
      const xattrs = new Map([...file.attributes.xattrs, ...attributes.xattrs]);
      file.attributes = { ...attributes, xattrs };
    }
    this.#put(folder, name, file);
  }

  /** Whether a folder is this one, or in it, however deep. */
  #leads(node: Node, folder: FolderNode): boolean {
    if (node.type !== "directory") return false;
    return node === folder || [...node.children.values()].some((child) => this.#leads(child, folder));
  }

  readonly #makeImplied: MakeFolder = (parent, name, obstacle) => {
    if (obstacle !== undefined && this.#isOwn(parent, name, obstacle)) {
      throw invalid("the archive has something else than a folder where its folder is to be");
    }
    const folder = createFolder(this.#maker);
    this.#put(parent, name, folder);
    return folder;
  };

  /** As `makeImplied`, but nothing that the layer hides comes to be again. */
  readonly #makeForWhiteout: MakeFolder = (parent, name, obstacle) =>
    obstacle !== undefined || this.#hidden.get(parent)?.has(name)
      ? undefined
      : this.#makeImplied(parent, name, obstacle);

  #takeWhiteout({ path }: Entry, whiteout: Whiteout): void {
    if (whiteout.kind === "metadata") return;
    const folder = this.#lead(path.slice(0, -1), this.#makeForWhiteout);
    if (folder === undefined) return;
    if (whiteout.kind === "opaque") this.#hideAll(folder);
    else this.#hide(folder, whiteout.name);
  }

  #hide(parent: FolderNode, name: ByteString): void {
    this.#removeBelow(parent, name);
    if (parent.children.has(name)) return;
    const hidden = this.#hidden.get(parent) ?? new Set();
    this.#hidden.set(parent, hidden.add(name));
  }

  /** Removes what is below of a name, and keeps what the layer has put there, or into it. */
  #removeBelow(parent: FolderNode, name: ByteString): void {
    const there = parent.children.get(name);
    if (there !== undefined && !this.#hasPut(parent, name, there)) parent.children.delete(name);
    else if (there?.type === "directory") {
      const folder = this.#own(parent, name, there);
      this.#hideAll(folder);
      // Hidden, but for what the layer puts into it: it is a new one.
      if (!folder.put) folder.attributes = impliedAttributes;
      folder.put = true;
    }
  }

  #hideAll(folder: FolderNode): void {
    for (const name of [...folder.children.keys()]) this.#removeBelow(folder, name);
  }

  /** Whether the layer has put something there, or into it. */
  #hasPut(parent: FolderNode, name: ByteString, node: Node): boolean {
    if (!this.#isOwn(parent, name, node)) return false;
    if (node.type !== "directory" || node.put) return true;
    return [...node.children].some(([inner, child]) => this.#hasPut(node, inner, child));
  }

  #isOwn(parent: FolderNode, name: ByteString, node: Node): boolean {
    return node.maker === this.#maker && this.#linked.get(parent)?.has(name) !== true;
  }

  /** Where a path leads to, as folders that this layer may change. Links are followed as if the root were the root. */
  #lead(path: readonly ByteString[], make: MakeFolder): FolderNode | undefined {
    const left = [...path].reverse();
    const way: FolderNode[] = [];
    let links = 0;
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (name === "..") {
        way.pop();
        continue;
      }
      const parent = way.at(-1) ?? this.root;
      const there = parent.children.get(name);
      if (there?.type === "symlink") {
        links += 1;
        if (links > linkLimit) throw invalid("too many symbolic links on its way");
        if (there.target.startsWith("/")) way.length = 0;
        left.push(...[...partsOf(there.target)].reverse());
        continue;
      }
      const next = there?.type === "directory" ? this.#own(parent, name, there) : make(parent, name, there);
      if (next === undefined) return undefined;
      way.push(next);
    }
    return way.at(-1) ?? this.root;
  }

  #own(parent: FolderNode, name: ByteString, folder: FolderNode): FolderNode {
    if (folder.maker === this.#maker) return folder;
    const copy = this.#copyOf(folder);
    parent.children.set(name, copy);
    return copy;
  }

  #copyOf({ attributes, children }: FolderNode): FolderNode {
    return { type: "directory", maker: this.#maker, put: false, attributes, children: new Map(children) };
  }
}

/** What a path of the layer, or of those below, leads to. */
export function fileAt({ root }: LayerTree, path: ByteString): Node | undefined {
  return lookUp(root, path, { follow: true });
}
