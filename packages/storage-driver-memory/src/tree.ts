import type { TarTime } from "@drayage/tar";
import { type ByteString, namesOf } from "./byte-string.ts";
import type { Content } from "./content.ts";

/** What an entry says of a file. */
export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: TarTime;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

export type FileType = "file" | "symlink" | "character" | "block" | "fifo";

/** Which layer made something. */
export type Maker = symbol;

/** Anything but a folder. Hard links are several names of one. */
export interface FileNode {
  readonly type: FileType;
  readonly maker: Maker;
  attributes: Attributes;
  /** Of a symbolic link, as its bytes. */
  readonly target: ByteString;
  readonly major: number;
  readonly minor: number;
  /** Of a regular file. */
  readonly content: Content | undefined;
}

/**
 * A folder. Layers share those that they have in common: whoever changes one that another layer made makes a copy first, and of
 * all folders around it.
 */
export interface FolderNode {
  readonly type: "directory";
  readonly maker: Maker;
  /** Whether its maker has it in its archive, or made it for the sake of its content: it is no mere copy. */
  put: boolean;
  attributes: Attributes;
  readonly children: Map<ByteString, Node>;
}

export type Node = FileNode | FolderNode;

/** Containers/storage's mode for the root of a layer without parent. */
const rootMode = 0o555;

export function emptyRoot(maker: Maker): FolderNode {
  return { ...createFolder(maker), attributes: { ...impliedAttributes, mode: rootMode }, put: false };
}

export function createFolder(maker: Maker, attributes: Attributes = impliedAttributes): FolderNode {
  return { type: "directory", maker, put: true, attributes, children: new Map() };
}

/** Those of a folder that an archive does not have, but whose content it has. */
export const impliedAttributes: Attributes = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
  xattrs: new Map(),
};

/** More links than this on the way to one file are a loop: Linux's limit. */
export const linkLimit = 40;

/** The names of a link's target, or of what is left of a path; `..` means the parent of where the names before it lead to. */
export function partsOf(path: ByteString): readonly ByteString[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/**
 * What a path leads to, links on the way followed as if `root` were the root, and one at its end too where `follow` is
 * set. Undefined where there is nothing, or links lead in circles.
 */
export function lookUp(
  root: FolderNode,
  path: ByteString,
  { follow }: { follow: boolean },
): Node | undefined {
  const left = [...namesOf(path)].reverse();
  const way: FolderNode[] = [];
  let links = 0;
  let found: Node = root;
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const folder: FolderNode = way.at(-1) ?? root;
    if (name === "..") {
      way.pop();
      found = way.at(-1) ?? root;
      continue;
    }
    const child = folder.children.get(name);
    if (child === undefined) return undefined;
    if (child.type === "symlink" && (left.length > 0 || follow)) {
      links += 1;
      if (links > linkLimit) return undefined;
      if (child.target.startsWith("/")) way.length = 0;
      found = way.at(-1) ?? root;
      left.push(...[...partsOf(child.target)].reverse());
      continue;
    }
    if (child.type === "directory") way.push(child);
    else if (left.length > 0) return undefined;
    found = child;
  }
  return found;
}
