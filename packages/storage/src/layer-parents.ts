import type { StoreCore } from "./core.ts";
import type { LayerParents, ParentsProblem } from "./driver.ts";
import type { StoreView } from "./view/contract.ts";

/** All that a layer stands on, the nearest first; undefined where that is not known, as one has no record, or they go in a circle. */
export function parentsOf(view: StoreView, id: string): readonly string[] | undefined {
  const parents = new Set<string>();
  let layer = view.layerById(id);
  while (layer?.parent !== undefined && !parents.has(layer.parent)) {
    parents.add(layer.parent);
    layer = view.layerById(layer.parent);
  }
  return layer !== undefined && layer.parent === undefined ? [...parents] : undefined;
}

/** What the driver's notes say otherwise than the records. */
export async function parentsProblems(
  { layerFiles }: StoreCore,
  view: StoreView,
  id: string,
): Promise<readonly ParentsProblem[]> {
  const parents = parentsOf(view, id);
  return parents === undefined ? [] : ((await layerFiles.checkParents?.({ id, parents })) ?? []);
}

/** Makes the driver's notes fit the records of this store, for all layers: where a link gets another name, those above name it, too. */
export async function mendParents({ layerFiles }: StoreCore, view: StoreView): Promise<void> {
  const layers = view.layers.flatMap(({ id, readOnly }): readonly LayerParents[] => {
    const parents = readOnly ? undefined : parentsOf(view, id);
    return parents === undefined ? [] : [{ id, parents }];
  });
  await layerFiles.mendParents?.(layers);
}
