import { join } from "node:path";
import { DrayageError, isDrayageError } from "@drayage/errors";
import type { LayerParents, ParentsProblem } from "@drayage/storage";
import { findLayer, type LayerFolder, type OverlayHome } from "./home.ts";
import { hintFor, layerOfName, linkedLayer, lowerNames, writtenLinkName } from "./links.ts";
import { layersBelow } from "./lower-folders.ts";

/** Where `link`, `lower` and `l` do not fit the records. Nothing for layers without files: those are another matter. */
export function checkParents(home: OverlayHome, { id, parents }: LayerParents): readonly ParentsProblem[] {
  const layer = findLayer(home, id);
  if (layer === undefined || parents.some((parent) => findLayer(home, parent) === undefined)) return [];
  const link = linkProblem(home, layer);
  const lower = lowerProblem(home, layer, parents);
  return [...(link === undefined ? [] : [link]), ...(lower === undefined ? [] : [lower])];
}

function linkProblem(home: OverlayHome, layer: LayerFolder): ParentsProblem | undefined {
  if (layer.elsewhere) return undefined;
  const name = writtenLinkName(layer.path);
  if (name === undefined) {
    const path = join(layer.path, "link");
    const message = `${JSON.stringify(path)}, which has the name of the layer ${layer.id} in the folder "l", is missing or has none`;
    return { path, message };
  }
  const target = linkedLayer(home.path, name);
  if (target === layer.id) return undefined;
  const path = join(home.path, "l", name);
  const what = target === undefined ? "is missing, or leads to no layer" : `leads to the layer ${target}`;
  return { path, message: `${JSON.stringify(path)}, the link to the layer ${layer.id}, ${what}` };
}

/** What is wrong with the file `lower`, as the links in `l` are now. */
export function lowerProblem(
  home: OverlayHome,
  layer: LayerFolder,
  parents: readonly string[],
): ParentsProblem | undefined {
  const path = join(layer.path, "lower");
  try {
    const found = lowerNames(layer).map((name) => ({ name, id: layerOfName(home, name)?.id }));
    const ids = found.map(({ name, id }) => id ?? `none, as ${JSON.stringify(name)} leads nowhere`);
    const difference = differenceOf(ids, parents);
    return difference === undefined ? undefined : { path, message: sentence(layer, difference) };
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_STORE_INVALID")) throw error;
    return { path, message: error.message };
  }
}

/**
 * The layers below a layer, the nearest first, which have to be these.
 *
 * @throws `ERR_DRAYAGE_STORE_INVALID` where the driver's own notes lead elsewhere: to take them would be to lose files in silence
 */
export function requireParents(
  home: OverlayHome,
  layer: LayerFolder,
  parents: readonly string[] | undefined,
): readonly LayerFolder[] {
  const below = layersBelow(home, layer);
  if (parents === undefined) return below;
  const difference = differenceOf(
    below.map(({ id }) => id),
    parents,
  );
  if (difference === undefined) return below;
  throw new DrayageError("ERR_DRAYAGE_STORE_INVALID", sentence(layer, difference), hintFor(layer));
}

/** The first one. */
function differenceOf(found: readonly string[], parents: readonly string[]): string | undefined {
  if (found.length !== parents.length)
    return `has ${found.length} of its parents, and its record ${parents.length}`;
  const index = found.findIndex((id, place) => id !== parents[place]);
  return index < 0
    ? undefined
    : `has as parent ${index + 1} ${found[index]}, and its record ${parents[index]}`;
}

function sentence({ id, path }: LayerFolder, difference: string): string {
  return `${JSON.stringify(join(path, "lower"))} of the layer ${id} ${difference}`;
}
