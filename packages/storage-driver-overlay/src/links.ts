import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { isLayerName, type LayerFolder, layerIds, type OverlayHome } from "./home.ts";
import { createLinkName, isLinkName } from "./link-name.ts";

/** The deepest chain of layers that the kernel mounts, and that containers/storage does since 1.50; 1.43 mounts 128. */
const maxLowers = 500;

/** What helps where a layer's notes on its parents are wrong. What is in an additional store, nobody mends from here. */
export function hintFor({ elsewhere }: LayerFolder): { readonly hint?: string } {
  return elsewhere ? {} : { hint: "`dray check --repair` writes it anew from the store's records" };
}

/**
 * The names in `l` of a layer's parents, the nearest first: what its file `lower` says. Empty for a layer without a parent.
 *
 * @throws `ERR_DRAYAGE_STORE_INVALID`
 */
export function lowerNames(layer: LayerFolder): readonly string[] {
  const path = join(layer.path, "lower");
  // An empty one lost its content in a crash: without it the layer's files would be taken for all there are.
  const text = readIfThere(path)?.trim();
  if (text === undefined) return [];
  return text.split(":").map((part) => {
    const name = part.startsWith("l/") ? part.slice(2) : "";
    if (isLinkName(name)) return name;
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_INVALID",
      `${JSON.stringify(path)}, which has the parents of the layer ${layer.id}, names ${JSON.stringify(part)}, which is no link in the folder "l"`,
      hintFor(layer),
    );
  });
}

/** What `lower` has to say in a layer on this parent. @throws `ERR_DRAYAGE_STORE_INVALID`, `ERR_DRAYAGE_STORE_UNSUPPORTED` */
export function lowersOn(home: OverlayHome, parent: LayerFolder): readonly string[] {
  return withinDepth([linkNameOf(home, parent), ...lowerNames(parent)]);
}

/** @throws `ERR_DRAYAGE_STORE_UNSUPPORTED` where there are more than can be mounted */
export function withinDepth(names: readonly string[]): readonly string[] {
  if (names.length <= maxLowers) return names;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `a layer with ${names.length} layers below it cannot be mounted: the overlay driver takes ${maxLowers}`,
    { hint: "squash some of the image's layers" },
  );
}

/** What the file `lower` says of these names. */
export function formatLowers(names: readonly string[]): string {
  return names.map((name) => `l/${name}`).join(":");
}

/** The layer's own name in `l`. What a crash took away is made anew. @throws `ERR_DRAYAGE_STORE_INVALID` */
function linkNameOf(home: OverlayHome, layer: LayerFolder): string {
  const found = writtenLinkName(layer.path);
  if (found !== undefined) return found;
  if (!layer.elsewhere) healLinks(home);
  const healed = writtenLinkName(layer.path);
  if (healed !== undefined) return healed;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_INVALID",
    `${JSON.stringify(join(layer.path, "link"))} is missing, and no link in "l" leads to the layer`,
    hintFor(layer),
  );
}

/** The layers that these names in `l` lead to. @throws `ERR_DRAYAGE_STORE_INVALID` */
export function layersOfNames(home: OverlayHome, names: readonly string[]): readonly LayerFolder[] {
  return names.map((name) => {
    const found = layerOfName(home, name);
    if (found !== undefined) return found;
    healLinks(home);
    const healed = layerOfName(home, name);
    if (healed !== undefined) return healed;
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_INVALID",
      `${JSON.stringify(join(home.path, "l", name))} is missing, or leads to no layer`,
      { hint: "`dray check` tells which images that concerns, and with --repair mends what it can" },
    );
  });
}

/** The layer with files that a name in `l` leads to. */
export function layerOfName(home: OverlayHome, name: string): LayerFolder | undefined {
  for (const root of [home.path, ...home.others]) {
    const id = linkedLayer(root, name);
    if (id === undefined) continue;
    const path = join(root, id);
    const diff = join(path, "diff");
    if (statusOf(diff)) return { id, path, diff, elsewhere: root !== home.path };
  }
  return undefined;
}

/** The id of the layer that a link in `l` leads to, whether or not it is there. */
export function linkedLayer(homePath: string, name: string): string | undefined {
  try {
    const [up, id = "", diff, ...more] = readlinkSync(join(homePath, "l", name)).split("/");
    return up === ".." && diff === "diff" && more.length === 0 && isLayerName(id) ? id : undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "EINVAL") return undefined;
    throw ioError(error, "read", { path: join(homePath, "l", name) });
  }
}

/** Gives a layer its name in `l`. */
export function makeLink(home: OverlayHome, id: string, name: string): void {
  symlinkSync(join("..", id, "diff"), join(home.path, "l", name));
}

/** Writes the file `link`, and, for a layer with parents, `lower`. */
export function writeLinkFiles(path: string, name: string, lowers: readonly string[]): void {
  writeMode(join(path, "link"), name);
  if (lowers.length > 0) writeMode(join(path, "lower"), formatLowers(lowers));
}

function writeMode(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o644 });
  chmodSync(path, 0o644);
}

/**
 * Restores what a crash of the machine takes away, since neither links nor such files are brought to the disk: a link in
 * `l` for each layer whose file `link` has its name, and that file for each layer to which a link leads.
 */
function healLinks(home: OverlayHome): void {
  const byLayer = linksByLayer(home);
  for (const id of layerIds(home)) {
    const path = join(home.path, id);
    const written = writtenLinkName(path);
    const linked = byLayer.get(id);
    if (written !== undefined) ensureLink(home, id, written);
    else if (linked !== undefined) replaceLinkFile(path, linked);
  }
}

/** The first name in `l` that leads to each layer, whether or not that is there. */
export function linksByLayer(home: OverlayHome): ReadonlyMap<string, string> {
  const byLayer = new Map<string, string>();
  for (const name of readdirSync(join(home.path, "l")).sort()) {
    const id = linkedLayer(home.path, name);
    if (id !== undefined && isLinkName(name) && !byLayer.has(id)) byLayer.set(id, name);
  }
  return byLayer;
}

function ensureLink(home: OverlayHome, id: string, name: string): void {
  try {
    makeLink(home, id, name);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw ioError(error, "write", { path: join(home.path, "l", name) });
  }
}

/** By renaming, as others may read it meanwhile. */
function replaceLinkFile(path: string, name: string): void {
  const temporary = join(path, `.link-${createLinkName()}`);
  try {
    writeMode(temporary, name);
    renameSync(temporary, join(path, "link"));
  } catch (error) {
    throw ioError(error, "write", { path: join(path, "link") });
  }
}

/** A file that lost its content in a crash says nothing. */
export function writtenLinkName(path: string): string | undefined {
  const name = basename(readIfThere(join(path, "link"))?.trim() ?? "");
  return isLinkName(name) ? name : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "read", { path });
  }
}

function statusOf(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw ioError(error, "read", { path });
  }
}
