import { tarEnd } from "@drayage/tar";
import { applyLayer, type LayerTree } from "./apply-layer.ts";
import type { Budget } from "./budget.ts";
import { KeptBytes } from "./kept-bytes.ts";
import type { Archive } from "./read-archive.ts";

/** A layer that stands on its parents. */
export interface Layer {
  readonly archive: KeptBytes;
  readonly tree: LayerTree;
  readonly parent: Layer | undefined;
  /** Whether it began without an archive, as that of a container does: what is changed where it is mounted becomes its archive. */
  readonly isOpen: boolean;
}

export function layerOf(archive: Archive, parent: Layer | undefined, isOpen = false): Layer {
  return { archive: archive.bytes, tree: applyLayer(archive.entries, parent?.tree), parent, isOpen };
}

/** An archive without entries. */
export function emptyArchive(budget: Budget): Archive {
  const bytes = new KeptBytes(budget);
  bytes.append(tarEnd());
  bytes.finish();
  return { bytes, entries: [], uids: [], gids: [] };
}

/** The layer and those below it, the lowest first. */
export function fromBelow(layer: Layer): readonly Layer[] {
  const layers: Layer[] = [];
  for (let one: Layer | undefined = layer; one !== undefined; one = one.parent) layers.push(one);
  return layers.reverse();
}
