import { DrayageError } from "@drayage/errors";
import { textOfKey } from "./byte-path.ts";
import {
  childOf,
  invalid,
  isFile,
  isHollow,
  type LayerFileFacts,
  type LayerNode,
  type LayerTree,
  linkNames,
  maximumLinks,
} from "./layer-tree.ts";

/** The layers of an image, the top one first, each read when it is first asked for. */
export interface Layers {
  readonly count: number;
  tree(index: number): Promise<LayerTree>;
}

/** A file of the image as all layers together show it. */
export interface Found {
  /** The names on the way to it, without links. */
  readonly names: readonly string[];
  /** Undefined for a folder that no layer has an entry for. */
  readonly facts: LayerFileFacts | undefined;
  /** From which layer the bytes are, as an index into the layers. */
  readonly index: number;
}

export interface LookupOptions {
  /** Whether a link at the path's end is followed. */
  readonly follow?: boolean | undefined;
  /** The topmost layer that counts; 0 where absent. */
  readonly from?: number | undefined;
  /** How many hard links led to the path; 0 where absent. */
  readonly hardLinks?: number | undefined;
}

/** Tars link to a file's first name; more links in a row than this lead round. */
const maximumHardLinks = 1000;

/**
 * The file at a path, its links followed below the image's root. Reads the layers from the top down, and none below the one that
 * decides. Throws `ERR_DRAYAGE_ARCHIVE_INVALID` for a loop of links.
 */
export async function lookUp(
  layers: Layers,
  names: readonly string[],
  options: LookupOptions = {},
): Promise<Found | undefined> {
  return (await lead(layers, names, options)).found;
}

/** Where a path leads, and what is there. */
async function lead(
  layers: Layers,
  names: readonly string[],
  { follow = true, from = 0, hardLinks = 0 }: LookupOptions,
): Promise<{ readonly names: readonly string[]; readonly found: Found | undefined }> {
  let path = names;
  for (let links = 0; links <= maximumLinks; links++) {
    let step = await lookUpOnce(layers, path, { follow, from, hardLinks });
    // Links of lower layers may lead to folders that are there for what stands behind them alone.
    if ("missing" in step && (await settleThrough(layers, from, step.missing)))
      step = await lookUpOnce(layers, path, { follow, from, hardLinks });
    if ("missing" in step) return { names: path, found: undefined };
    if (!("redirect" in step)) return { names: path, found: step };
    path = step.redirect;
  }
  throw new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `${JSON.stringify(`/${textOfKey(names.join("/"))}`)} has too many links on its way`,
  );
}

/** `missing`: the layer that decides that there is nothing, or how many layers there are. */
type Step = Found | { readonly redirect: readonly string[] } | { readonly missing: number };

async function lookUpOnce(
  layers: Layers,
  path: readonly string[],
  { follow, from, hardLinks }: { follow: boolean; from: number; hardLinks: number },
): Promise<Step> {
  const wanted = path.at(-1);
  let implied: Found | undefined;
  for (let index = from; index < layers.count; index++) {
    const tree = await layers.tree(index);
    let seen = seek(tree, path, follow);
    const mayBeElsewhere = wanted !== undefined && tree.impliedNames.has(wanted);
    const mayLeadElsewhere = seen.state === "link" && tree.impliedNames.size > 0;
    const mayBeNone = seen.state === "implied" && seen.hollow;
    const isOpen = (seen.state === "below" && mayBeElsewhere) || mayLeadElsewhere || mayBeNone;
    if (!tree.settled && isOpen) {
      await settle(layers, index);
      seen = seek(tree, path, follow);
    }
    if (seen.state === "link") return { redirect: seen.redirect };
    if (seen.state === "none") return implied ?? { missing: index };
    if (seen.state === "hard-link") return linkedFile(layers, { names: path, to: seen.to, index, hardLinks });
    if (seen.state === "found") {
      const { type } = seen.facts;
      if (implied !== undefined && type !== "directory" && type !== "symlink") return implied;
      return { names: path, facts: seen.facts, index };
    }
    if (seen.state === "implied") {
      implied ??= { names: path, facts: undefined, index };
      if (seen.last) return implied;
    }
  }
  if (implied !== undefined) return implied;
  return path.length === 0
    ? { names: path, facts: undefined, index: layers.count - 1 }
    : { missing: layers.count };
}

interface HardLink {
  readonly names: readonly string[];
  readonly to: readonly string[];
  /** Of the layer. */
  readonly index: number;
  readonly hardLinks: number;
}

/** A hard link's facts are those of the file that it names, as the layers show it that were there when it was made. */
async function linkedFile(layers: Layers, { names, to, index, hardLinks }: HardLink): Promise<Found> {
  const isRound = hardLinks >= maximumHardLinks;
  const target = isRound
    ? undefined
    : await lookUp(layers, to, { follow: false, from: index, hardLinks: hardLinks + 1 });
  if (target?.facts === undefined || target.facts.type === "directory") {
    const { layer } = await layers.tree(index);
    throw new DrayageError(
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      `layer ${layer.digest}: ${quoted(names)} is a link to ${quoted(to)}, which is no file`,
    );
  }
  return { names, facts: target.facts, index: target.index };
}

function quoted(names: readonly string[]): string {
  return JSON.stringify(`/${textOfKey(names.join("/"))}`);
}

/** What one layer says of a path. */
type Seen =
  | { readonly state: "found"; readonly facts: LayerFileFacts }
  | { readonly state: "hard-link"; readonly to: readonly string[] }
  | { readonly state: "link"; readonly redirect: readonly string[] }
  /** A folder without an entry, `hollow` where it has whiteouts alone; `last` where the lower layers' is hidden. */
  | { readonly state: "implied"; readonly hollow: boolean; readonly last: boolean }
  /** It is not there, whatever lower layers have. */
  | { readonly state: "none" }
  /** The lower layers decide. */
  | { readonly state: "below" };

function seek(tree: LayerTree, path: readonly string[], follow: boolean): Seen {
  let node = tree.root;
  let hidden = node.opaque && path.length > 0;
  for (const [at, name] of path.entries()) {
    const child = node.children?.get(name);
    if (child === undefined) return { state: hidden ? "none" : "below" };
    hidden ||= child.hidesLower;
    if (!isFile(child)) return { state: hidden ? "none" : "below" };
    const last = at === path.length - 1;
    if (child.facts?.type === "symlink" && (!last || follow)) {
      return { state: "link", redirect: redirected(path, at, child.facts.target) };
    }
    const isFolder = child.hardLink === undefined && (child.facts?.type ?? "directory") === "directory";
    if (!last && !isFolder) return { state: "none" };
    if (!last) hidden ||= child.opaque;
    node = child;
  }
  if (node.hardLink !== undefined) {
    return { state: "hard-link", to: node.hardLink.split("/").filter((name) => name !== "") };
  }
  if (node.facts !== undefined) return { state: "found", facts: node.facts };
  return { state: "implied", hollow: isHollow(node), last: hidden };
}

/** The path with the link at one of its names replaced by where that leads to. */
function redirected(path: readonly string[], at: number, target: string): readonly string[] {
  const way = target.startsWith("/") ? [] : path.slice(0, at);
  for (const name of linkNames(target)) {
    // What is above is no link: it was walked through.
    if (name === "..") way.pop();
    else way.push(name);
  }
  return [...way, ...path.slice(at + 1)];
}

/**
 * Moves what stands below a folder without an entry to where it is, if that folder is a link in a lower layer
 * (OCI image-spec, layer.md: layers are applied, not stacked).
 */
async function settle(layers: Layers, index: number): Promise<void> {
  const tree = await layers.tree(index);
  if (tree.settled) return;
  tree.settled = true;
  const isSeen = tree.impliedNames.size > 0 && !tree.root.opaque;
  if (isSeen) await settleFolder(layers, index, { node: tree.root, names: [] });
}

/** Settles the layers from one to another; whether one was not settled before. */
async function settleThrough(layers: Layers, from: number, last: number): Promise<boolean> {
  let isNew = false;
  for (let index = Math.min(last, layers.count - 1); index >= from; index--) {
    const { settled, impliedNames } = await layers.tree(index);
    isNew ||= !settled && impliedNames.size > 0;
    await settle(layers, index);
  }
  return isNew;
}

async function settleFolder(
  layers: Layers,
  index: number,
  { node, names }: { node: LayerNode; names: readonly string[] },
): Promise<void> {
  const tree = await layers.tree(index);
  for (const [name, child] of [...(node.children ?? [])]) {
    // Nothing of the lower layers is seen there.
    if (child.children === undefined || child.hidesLower) continue;
    const path = [...names, name];
    if (child.facts === undefined && child.hardLink === undefined && index + 1 < layers.count) {
      const below = await lookUp(layers, path, { follow: false, from: index + 1 });
      if (below?.facts?.type === "symlink") {
        const place = await lead(layers, path, { from: index + 1 });
        node.children?.delete(name);
        const isFolder = (place.found?.facts?.type ?? "directory") === "directory";
        // Whiteouts in what is a file below hide nothing; anything else makes a folder in the file's place.
        if (isFolder || !isHollow(child)) putBehind(tree, { names: place.names, child, replaces: !isFolder });
        continue;
      }
      const isFile = below?.facts !== undefined && below.facts.type !== "directory";
      if (isFile && isHollow(child)) {
        node.children?.delete(name);
        continue;
      }
    }
    if (!child.opaque) await settleFolder(layers, index, { node: child, names: path });
  }
}

interface Behind {
  /** Where a link of a lower layer leads. */
  readonly names: readonly string[];
  /** What stands behind the link. */
  readonly child: LayerNode;
  /** Whether a file of a lower layer is there. */
  readonly replaces: boolean;
}

function putBehind(tree: LayerTree, { names, child, replaces }: Behind): void {
  const node = folderAt(tree, names);
  if (node.hardLink !== undefined || (node.facts?.type ?? "directory") !== "directory") {
    throw invalid(
      tree,
      names,
      "is no folder, and a link of a lower layer leads there, behind which there are files",
    );
  }
  node.hidesLower ||= replaces;
  merge(node, child);
}

function folderAt(tree: LayerTree, names: readonly string[]): LayerNode {
  let node = tree.root;
  for (const name of names) {
    node = childOf(node, name);
    node.children ??= new Map();
  }
  return node;
}

function merge(into: LayerNode, from: LayerNode): void {
  into.opaque ||= from.opaque;
  for (const [name, child] of from.children ?? []) {
    const there = childOf(into, name);
    there.hidesLower ||= child.hidesLower;
    if (!isFile(child)) continue;
    if (there.children !== undefined && child.children !== undefined) {
      there.facts ??= child.facts;
      merge(there, child);
    } else {
      Object.assign(there, { ...child, hidesLower: there.hidesLower });
    }
  }
}

/** The names in a folder of the image, in the order of their bytes. */
export async function namesIn(layers: Layers, folder: readonly string[]): Promise<readonly string[]> {
  const names = new Map<string, boolean>();
  for (let index = 0; index < layers.count; index++) {
    await settle(layers, index);
    const tree = await layers.tree(index);
    const seen = folderIn(tree, folder);
    for (const [name, child] of seen.node?.children ?? []) {
      if (names.has(name)) continue;
      if (isFile(child)) names.set(name, true);
      else if (child.hidesLower) names.set(name, false);
    }
    if (seen.hidesLower) break;
  }
  return [...names]
    .filter(([, isThere]) => isThere)
    .map(([name]) => name)
    .sort(byBytes);
}

function folderIn(
  tree: LayerTree,
  folder: readonly string[],
): { readonly node: LayerNode | undefined; readonly hidesLower: boolean } {
  let node: LayerNode | undefined = tree.root;
  let hidden = node.opaque;
  for (const name of folder) {
    node = node.children?.get(name);
    if (node === undefined) return { node, hidesLower: hidden };
    const isFolder = node.hardLink === undefined && (node.facts?.type ?? "directory") === "directory";
    hidden ||= node.hidesLower || node.opaque || !isFolder;
    if (!isFolder) return { node: undefined, hidesLower: true };
  }
  return { node, hidesLower: hidden };
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
