import { DrayageError } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import { opaqueWhiteout, type TarHeader, whiteoutPrefix } from "@drayage/tar";
import { keyOf, namesOf, textOfKey } from "./byte-path.ts";
import type { FileEntry, FileType } from "./file-entry.ts";

/** What a layer says of one file, and where in its tar the bytes are. */
export interface LayerFileFacts extends Omit<FileEntry, "path" | "rawPath" | "rawLinkname"> {
  /** Where the data starts in the layer's tar. */
  readonly dataOffset: number;
  /** How many bytes of data there are: fewer than `size` where the file has holes. */
  readonly dataSize: number;
  readonly sparse: TarHeader["sparse"];
  /** The target of a symbolic link, as its bytes. */
  readonly target: string;
  /** The SHA-256 of the content, in hex, where the layer was read with digests. */
  contentDigest?: string | undefined;
}

/** A place in a layer's tree. */
export interface LayerNode {
  /** Undefined for a folder that only stands on the way to others. */
  facts: LayerFileFacts | undefined;
  /** The path that a hard link names, as its bytes. */
  hardLink: string | undefined;
  /** What lower layers have here is hidden. */
  hidesLower: boolean;
  /** What lower layers have in this folder is hidden. */
  opaque: boolean;
  children: Map<string, LayerNode> | undefined;
}

/** One layer's own files, and what it hides. */
export interface LayerTree {
  readonly layer: Descriptor;
  readonly root: LayerNode;
  /**
   * The names that stand somewhere below a folder without an entry. Such a folder may be a link in a lower layer, and what
   * stands below it be elsewhere.
   */
  readonly impliedNames: Set<string>;
  /** Whether such folders were looked up in the lower layers. */
  settled: boolean;
}

/** No file of Linux has a longer path or target: `PATH_MAX`. */
const longestPath = 4096;

const aufsPrefix = `${whiteoutPrefix}${whiteoutPrefix}`;

/** More links than this on the way to one file are a loop: Linux's limit. */
export const maximumLinks = 40;

function createNode(facts?: LayerFileFacts): LayerNode {
  return { facts, hardLink: undefined, hidesLower: false, opaque: false, children: undefined };
}

export function createLayerTree(layer: Descriptor): LayerTree {
  return { layer, root: createNode(), impliedNames: new Set(), settled: false };
}

/** Whether a node is there only for what is hidden, and no file of the layer's. */
export function isFile(node: LayerNode): boolean {
  return (
    node.facts !== undefined || node.hardLink !== undefined || node.children !== undefined || node.opaque
  );
}

/** Whether a folder without an entry is there for whiteouts alone. */
export function isHollow({ facts, hardLink, children }: LayerNode): boolean {
  if (facts !== undefined || hardLink !== undefined) return false;
  return [...(children?.values() ?? [])].every((child) => !isFile(child) || isHollow(child));
}

/** Puts one entry of the layer's tar into its tree, as unpacking would: OCI image-spec, layer.md. */
export function addEntry(tree: LayerTree, header: TarHeader, dataOffset: number): LayerFileFacts | undefined {
  const names = namesOf(keyOf(header.rawName));
  if (header.rawName.length > longestPath || header.rawLinkname.length > longestPath) {
    throw invalid(tree, names, `is named, or leads to, more than ${longestPath} bytes`);
  }
  const base = names.at(-1);
  // Files of aufs' own have no meaning in a layer.
  if (base !== opaqueWhiteout && names[0]?.startsWith(aufsPrefix)) return undefined;
  if (base?.startsWith(whiteoutPrefix)) {
    addWhiteout(tree, names.slice(0, -1), base);
    return undefined;
  }
  const type = fileType(header);
  if (type === undefined) return undefined;
  const node = base === undefined ? tree.root : place(tree, names, type !== "directory");
  if (type === "link") {
    node.hardLink = namesOf(keyOf(header.rawLinkname)).join("/");
    node.facts = undefined;
    return undefined;
  }
  const facts = factsOf(header, { type, dataOffset, layer: tree.layer });
  node.hardLink = undefined;
  node.facts = facts;
  return facts;
}

function addWhiteout(tree: LayerTree, folder: readonly string[], base: string): void {
  if (base === opaqueWhiteout) {
    const { node, implied } = walkTo(tree, folder);
    node.opaque = true;
    if (implied) tree.impliedNames.add(base);
    return;
  }
  const name = base.slice(whiteoutPrefix.length);
  if (name.startsWith(whiteoutPrefix)) return;
  if (name === "" || name === "." || name === "..")
    throw invalid(tree, [...folder, base], "is a whiteout of no file");
  childIn(tree, walkTo(tree, folder), name).hidesLower = true;
}

/** The node for an entry: what it replaces is gone, but a folder that is named again stays. */
function place(tree: LayerTree, names: readonly string[], replaces: boolean): LayerNode {
  const node = childIn(tree, walkTo(tree, names.slice(0, -1)), names.at(-1) ?? "");
  const was = node.facts?.type;
  node.hidesLower ||= replaces;
  if (replaces || (was !== undefined && was !== "directory")) node.children = undefined;
  return node;
}

interface Place {
  readonly node: LayerNode;
  /** Whether the place itself, or a folder on the way to it, has no entry of its own. */
  readonly implied: boolean;
}

function childIn(tree: LayerTree, parent: Place, name: string): LayerNode {
  if (parent.implied) tree.impliedNames.add(name);
  return childOf(parent.node, name);
}

/** The folder of these names; links of the layer's own are followed below its root, and what is missing is implied. */
function walkTo(tree: LayerTree, names: readonly string[]): Place {
  const root: Place = { node: tree.root, implied: false };
  let left = names;
  let way: Place[] = [];
  let links = 0;
  for (let name = left[0]; name !== undefined; name = left[0]) {
    left = left.slice(1);
    if (name === "..") {
      way.pop();
      continue;
    }
    const parent = way.at(-1) ?? root;
    const node = childIn(tree, parent, name);
    if (node.facts?.type === "symlink") {
      links += 1;
      if (links > maximumLinks) throw invalid(tree, names, "has too many links on its way");
      if (node.facts.target.startsWith("/")) way = [];
      left = [...linkNames(node.facts.target), ...left];
      continue;
    }
    if ((node.facts !== undefined && node.facts.type !== "directory") || node.hardLink !== undefined) {
      throw invalid(tree, names, "stands below what is no folder");
    }
    node.children ??= new Map();
    way.push({ node, implied: parent.implied || node.facts === undefined });
  }
  return way.at(-1) ?? root;
}

/** The names of a link's target, `..` kept: it means the parent of where the link leads to. */
export function linkNames(target: string): readonly string[] {
  return target.split("/").filter((name) => name !== "" && name !== ".");
}

export function childOf(parent: LayerNode, name: string): LayerNode {
  parent.children ??= new Map();
  const found = parent.children.get(name);
  if (found !== undefined) return found;
  const made = createNode();
  parent.children.set(name, made);
  return made;
}

function fileType({ type }: TarHeader): FileType | "link" | undefined {
  if (type === "sparse") return "file";
  return type === "other" ? undefined : type;
}

function factsOf(
  header: TarHeader,
  { type, dataOffset, layer }: { type: FileType; dataOffset: number; layer: Descriptor },
): LayerFileFacts {
  const { mode, uid, gid, mtime, linkname, devmajor, devminor, xattrs, size, sparse } = header;
  return {
    type,
    mode: mode & 0o7777,
    uid,
    gid,
    size: type === "file" ? (sparse?.realSize ?? size) : 0,
    mtime,
    linkname: type === "symlink" ? linkname : "",
    devmajor,
    devminor,
    xattrs,
    layer,
    dataOffset,
    dataSize: size,
    sparse,
    target: type === "symlink" ? keyOf(header.rawLinkname) : "",
  };
}

export function invalid({ layer }: LayerTree, names: readonly string[], what: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `layer ${layer.digest}: ${JSON.stringify(textOfKey(names.join("/")))} ${what}`,
  );
}
