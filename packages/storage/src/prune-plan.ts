import type { ImageRecord, LayerRecord } from "./records/types.ts";
import type { PruneOptions } from "./reports.ts";
import type { StoreView } from "./view/contract.ts";
import { createView } from "./view/create.ts";

export interface PrunePlan {
  readonly images: readonly ImageRecord[];
  /** Each before the one it stands on. */
  readonly layers: readonly LayerRecord[];
  /** Layers that would go, were they not held. */
  readonly held: readonly LayerRecord[];
}

/** What would go. `held` are layers that are held, with all they stand on. */
export function planPrune(
  view: StoreView,
  held: ReadonlySet<string>,
  { images: which = "dangling", layers: withLayers = false, only }: PruneOptions,
): PrunePlan {
  const images = new Set<ImageRecord>();
  let left = view;
  // An image that nothing is built on any more may be dangling, too.
  for (let goes = goingNow(left); goes.length > 0; goes = goingNow(left)) {
    for (const image of goes) images.add(image);
    left = createView({
      layers: view.layers,
      containers: view.containers,
      images: view.images.filter((image) => !images.has(image)),
    });
  }
  const seen = new Set<string>();
  const strays = new Set(view.unreferencedLayers().map(({ id }) => id));
  const belowStrays = new Set(withLayers ? [] : [...strays].flatMap((id) => ancestorsOf(id)));
  const candidates = left.unreferencedLayers().filter(({ id }) => withLayers || !strays.has(id));
  return {
    images: [...images],
    layers: candidates.filter(({ id }) => !held.has(id) && !belowStrays.has(id)),
    held: candidates.filter(({ id }) => held.has(id)),
  };

  function goingNow(from: StoreView): readonly ImageRecord[] {
    if (which === "none") return [];
    const all = which === "unused" ? from.images.filter((image) => !image.readOnly) : from.dangling();
    return all.filter(
      (image) => view.containersOf(image.id).length === 0 && (only === undefined || only(image)),
    );
  }

  /** What a layer that stays stands on; not what was found for another already. */
  function ancestorsOf(stray: string): readonly string[] {
    const found: string[] = [];
    for (let id = view.layerById(stray)?.parent; id !== undefined && !seen.has(id); ) {
      seen.add(id);
      found.push(id);
      id = view.layerById(id)?.parent;
    }
    return found;
  }
}
