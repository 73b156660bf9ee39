import { DrayageError, throwIfAborted } from "@drayage/errors";
import { compareTrees, packChanges, packTree, treeSize } from "@drayage/pack";
import type { LayerChange, LayerDiffOptions } from "@drayage/storage";
import { requireParents } from "./check-parents.ts";
import type { Context } from "./context.ts";
import { type LayerFolder, requireLayer } from "./home.ts";
import { layersBelow, refuseComposefs } from "./lower-folders.ts";
import { showLayer } from "./naive.ts";
import { hasDetours, nativeChanges } from "./native-changes.ts";
import { refuseMountProgram } from "./refusals.ts";

/** The tar of what a layer changes. */
export async function* packLayer(
  context: Context,
  id: string,
  options: LayerDiffOptions = {},
): AsyncIterable<Uint8Array> {
  const { signal, repack, borrow } = options;
  const pack = { ...repack, borrow, signal };
  const way = await chooseWay(context, id, options);
  if (way.kind === "native") {
    yield* packTree(way.layer.diff, {
      overlay: { lowers: way.lowers, namespace: context.marks.namespace },
      ...pack,
    });
    return;
  }
  using newer = showLayer(context, way.layer);
  using older = way.older && showLayer(context, way.older);
  const changes = await compareTrees(newer.path, older?.path, { signal });
  yield* packChanges(newer.path, changes, pack);
}

/** What a layer changes, sorted by path. */
export async function* layerChanges(
  context: Context,
  id: string,
  options: LayerDiffOptions = {},
): AsyncIterable<LayerChange> {
  const { signal } = options;
  const way = await chooseWay(context, id, options);
  if (way.kind === "native") {
    yield* await nativeChanges(context, { diff: way.layer.diff, lowers: way.lowers, signal });
    return;
  }
  using newer = showLayer(context, way.layer);
  using older = way.older && showLayer(context, way.older);
  for (const { kind, path, size } of await compareTrees(newer.path, older?.path, { signal }))
    yield { kind, path, size };
}

/** The bytes of what the layer has itself; of what it adds or changes, where it is compared with another than its parent. */
export async function layerSize(
  context: Context,
  id: string,
  options: LayerDiffOptions = {},
): Promise<number> {
  const { against, signal } = options;
  const layer = requireLayer(context.home, id);
  if (against === undefined || against === layersBelow(context.home, layer)[0]?.id) {
    return treeSize(layer.diff, { signal });
  }
  let size = 0;
  for await (const change of layerChanges(context, id, options)) size += change.size;
  return size;
}

type Way =
  /** From the layer's own files. */
  | { readonly kind: "native"; readonly layer: LayerFolder; readonly lowers: readonly string[] }
  /** From what it and the other one show. */
  | { readonly kind: "naive"; readonly layer: LayerFolder; readonly older: LayerFolder | undefined };

/**
 * The layer's own files tell what it changes, unless it is to be compared with another than its parent, or the kernel left marks on them which
 * say that something is elsewhere: `redirect_dir`, `metacopy`. The Go tools ask the kernel for its settings instead, which may have been others
 * when the layer was made.
 */
async function chooseWay(
  context: Context,
  id: string,
  { against, parents, signal }: LayerDiffOptions,
): Promise<Way> {
  throwIfAborted(signal, "compare layers");
  refuseMountProgram(context);
  const { home, marks } = context;
  const layer = requireLayer(home, id);
  refuseComposefs(layer);
  if (against === id) throw new DrayageError("ERR_DRAYAGE_USAGE", `layer ${id} is compared with itself`);
  const below = requireParents(home, layer, parents);
  const parent = below[0];
  if (against === undefined || against === parent?.id) {
    // Where nothing is below, nothing can be elsewhere.
    const native = below.length === 0 || !(await hasDetours(layer.diff, marks, signal));
    if (native) return { kind: "native", layer, lowers: below.map(({ diff }) => diff) };
  }
  const older = against === undefined ? parent : requireLayer(home, against);
  // It is mounted, too.
  if (older !== undefined && parents?.includes(older.id))
    requireParents(home, older, parents.slice(parents.indexOf(older.id) + 1));
  return { kind: "naive", layer, older };
}
