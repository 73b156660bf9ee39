import { changesSize, compareTrees, packChanges, packTree, type TreeChange, treeSize } from "@drayage/pack";
import type { LayerChange, LayerDiffOptions } from "@drayage/storage";
import { requireLayer, type VfsHome } from "./home.ts";

/** A tar of what a layer changes. Whether an attribute keeps owners and modes is for each file to say. */
export async function* diffOf(
  home: VfsHome,
  id: string,
  options: LayerDiffOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, repack, borrow } = options;
  const { tree, base } = treesOf(home, id, options);
  const pack = { ...repack, borrow, signal, overrideStat: true };
  if (base === undefined) yield* packTree(tree, pack);
  else yield* packChanges(tree, await compareTrees(tree, base, { signal }), pack);
}

export async function* changesOf(
  home: VfsHome,
  id: string,
  options: LayerDiffOptions,
): AsyncGenerator<LayerChange, void, undefined> {
  for (const { kind, path, size } of await compared(home, id, options)) yield { kind, path, size };
}

export async function sizeOf(home: VfsHome, id: string, options: LayerDiffOptions): Promise<number> {
  const { signal } = options;
  const { tree, base } = treesOf(home, id, options);
  if (base === undefined) return treeSize(tree, { signal });
  return changesSize(tree, await compareTrees(tree, base, { signal }), { signal });
}

async function compared(
  home: VfsHome,
  id: string,
  options: LayerDiffOptions,
): Promise<readonly TreeChange[]> {
  const { tree, base } = treesOf(home, id, options);
  return compareTrees(tree, base, { signal: options.signal });
}

function treesOf(
  home: VfsHome,
  id: string,
  { parent, against = parent }: LayerDiffOptions,
): { readonly tree: string; readonly base: string | undefined } {
  const tree = requireLayer(home, id);
  return { tree, base: against === undefined ? undefined : requireLayer(home, against) };
}
