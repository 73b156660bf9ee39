import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import type { LayerParents } from "@drayage/storage";
import { lowerProblem } from "./check-parents.ts";
import { findLayer, type LayerFolder, type OverlayHome } from "./home.ts";
import { createLinkName } from "./link-name.ts";
import {
  formatLowers,
  layerOfName,
  linkedLayer,
  linksByLayer,
  withinDepth,
  writtenLinkName,
} from "./links.ts";

/** Writes `link`, `lower` and the links in `l` anew where they do not fit the records. First all links, as each `lower` names them. */
export async function mendParents(home: OverlayHome, layers: readonly LayerParents[]): Promise<void> {
  const own = layers.flatMap(({ id, parents }) => {
    const layer = findLayer(home, id);
    return layer === undefined || layer.elsewhere ? [] : [{ layer, parents }];
  });
  for (const { layer } of own) await mendLink(home, layer);
  for (const { layer, parents } of own) await mendLower(home, layer, parents);
}

/** A name that leads to the layer is kept, as other files may name it; then the one that it has written, if that is no other's. */
async function mendLink(home: OverlayHome, layer: LayerFolder): Promise<void> {
  const written = writtenLinkName(layer.path);
  if (written !== undefined && linkedLayer(home.path, written) === layer.id) return;
  const linked = linksByLayer(home).get(layer.id);
  const name = linked ?? (written === undefined || isOfAnother(home, written) ? createLinkName() : written);
  if (linked === undefined) await replaceLink(home, layer, name);
  if (name !== written) await replaceFile(layer, "link", name);
}

/** Whether the layer that the name leads to has written that it is its own. */
function isOfAnother(home: OverlayHome, name: string): boolean {
  const other = layerOfName(home, name);
  return other !== undefined && writtenLinkName(other.path) === name;
}

/** Over whatever has the name. */
async function replaceLink(home: OverlayHome, { id, path }: LayerFolder, name: string): Promise<void> {
  const folder = join(home.path, "l");
  const temporary = join(path, `.link-${createLinkName()}`);
  try {
    symlinkSync(join("..", id, "diff"), temporary);
    renameSync(temporary, join(folder, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw ioError(error, "write", { path: join(folder, name) });
  }
  await syncDirectory(folder);
}

async function mendLower(home: OverlayHome, layer: LayerFolder, parents: readonly string[]): Promise<void> {
  if (lowerProblem(home, layer, parents) === undefined) return;
  const names = parents.map((parent) => nameOf(home, parent));
  // A parent without files, or in a store that is only read.
  if (!names.every((name) => name !== undefined)) return;
  if (names.length > 0) {
    await replaceFile(layer, "lower", formatLowers(withinDepth(names)));
    return;
  }
  rmSync(join(layer.path, "lower"), { force: true });
  await syncDirectory(layer.path);
}

/** The name that leads to the layer. */
function nameOf(home: OverlayHome, id: string): string | undefined {
  const layer = findLayer(home, id);
  const name = layer && writtenLinkName(layer.path);
  return name !== undefined && layerOfName(home, name)?.id === id ? name : undefined;
}

function replaceFile({ path }: LayerFolder, name: string, text: string): Promise<void> {
  return writeFileAtomic(join(path, name), Buffer.from(text), { mode: 0o644 });
}
