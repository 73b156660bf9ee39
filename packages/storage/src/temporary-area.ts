import path from "node:path";
import type { StoreFiles } from "./files/store-files.ts";

/** A folder for what is being made or removed. Disposing of it removes it, with all that is in it by then. */
export interface TemporaryArea extends AsyncDisposable {
  /** A path in it that is not used yet. */
  next(name: string): string;
  /** Moves something into it, from the same file system. False where there is nothing. */
  take(from: string): boolean;
}

export function createTemporaryArea(files: StoreFiles, root: string): TemporaryArea {
  const area = files.makeArea(root);
  let count = 0;
  const next = (name: string): string => {
    count += 1;
    return path.join(area.path, `${count - 1}-${name}`);
  };
  return {
    next,
    take: (from) => files.rename(from, next(path.basename(from))),
    [Symbol.asyncDispose]: () => area.remove(),
  };
}
