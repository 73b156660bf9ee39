import { DrayageError } from "@drayage/errors";
import { textOfKey } from "./byte-path.ts";
import {
  childOf,
  isFile,
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
}

/**
 * The file at a path, its links followed below the image's root. Reads the layers from the top down, and none below the one that
 * decides. Throws `ERR_DRAYAGE_ARCHIVE_INVALID` for a loop of links.
 */
export async function lookUp(
  layers: Layers,
  names: readonly string[],
  options: LookupOptions = {},
): Promise<Found | undefined> {
  const { follow = true, from = 0 } = options;
  let path = names;
  for (let links = 0; links <= maximumLinks; links++) {
    const step = await lookUpOnce(layers, path, { follow, from });
    if (step === undefined || !("redirect" in step)) return step;
    path = step.redirect;
  }
  throw new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `${JSON.stringify(`/${textOfKey(names.join("/"))}`)} has too many links on its way`,
  );
}

type Step = Found | { readonly redirect: readonly string[] } | undefined;

async function lookUpOnce(
  layers: Layers,
  path: readonly string[],
  { follow, from }: { follow: boolean; from: number },
): Promise<Step> {
  const wanted = path.at(-1);
  let implied: Found | undefined;
  for (let index = from; index < layers.count; index++) {
    const tree = await layers.tree(index);
    let seen = seek(tree, path, follow);
    const mayBeElsewhere = wanted !== undefined && tree.impliedNames.has(wanted);
    const mayLeadElsewhere = seen.state === "link" && tree.impliedNames.size > 0;
    if (!tree.settled && ((seen.state === "below" && mayBeElsewhere) || mayLeadElsewhere)) {
      await settle(layers, index);
      seen = seek(tree, path, follow);
    }
    if (seen.state === "link") return { redirect: seen.redirect };
    if (seen.state === "none") return implied;
    if (seen.state === "hard-link") return linkedFile(layers, { names: path, to: seen.to, index });
    if (seen.state === "found") {
      const { type } = seen.facts;
      const counts = implied === undefined || type === "directory" || type === "symlink";
      return counts ? { names: path, facts: seen.facts, index } : implied;
    }
    if (seen.state === "implied") {
      implied ??= { names: path, facts: undefined, index };
      if (seen.last) return implied;
    }
  }
  return (
    implied ?? (path.length === 0 ? { names: path, facts: undefined, index: layers.count - 1 } : undefined)
  );
}

/** A hard link's facts are those of the file that it names, as the layers show it that were there when it was made. */
async function linkedFile(
  layers: Layers,
  { names, to, index }: { names: readonly string[]; to: readonly string[]; index: number },
): Promise<Found | undefined> {
  const target = await lookUp(layers, to, { follow: false, from: index });
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
  /** A folder without an entry; `last` where the lower layers' is hidden. */
  | { readonly state: "implied"; readonly last: boolean }
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
  return { state: "implied", last: hidden };
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
  if (tree.impliedNames.size > 0) await settleFolder(layers, index, { node: tree.root, names: [] });
}

async function settleFolder(
  layers: Layers,
  index: number,
  { node, names }: { node: LayerNode; names: readonly string[] },
): Promise<void> {
  const tree = await layers.tree(index);
  for (const [name, child] of [...(node.children ?? [])]) {
    if (child.children === undefined) continue;
    const path = [...names, name];
    if (
      child.facts === undefined &&
      child.hardLink === undefined &&
      !child.hidesLower &&
      index + 1 < layers.count
    ) {
      const below = await lookUp(layers, path, { follow: false, from: index + 1 });
      if (below?.facts?.type === "symlink") {
        const real = await lookUp(layers, path, { from: index + 1 });
        node.children?.delete(name);
        if (real === undefined || (real.facts?.type ?? "directory") === "directory") {
          merge(folderAt(tree, real?.names ?? path), child);
        }
        continue;
      }
    }
    await settleFolder(layers, index, { node: child, names: path });
  }
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
