import { createBreather } from "./breathe.ts";
import { walkTree } from "./walk.ts";

/**
 * The bytes of all regular files in a folder; one that has several names counts once.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function treeSize(
  root: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<number> {
  const breathe = createBreather(options.signal, "measure a folder");
  const seen = new Set<string>();
  let size = 0;
  await breathe();
  for (const { stats } of walkTree(root)) {
    await breathe();
    if (!stats.isFile()) continue;
    if (stats.nlink > 1n) {
      const key = `${stats.dev}:${stats.ino}`;
      if (seen.has(key)) continue;
      seen.add(key);
    }
    size += Number(stats.size);
  }
  return size;
}
