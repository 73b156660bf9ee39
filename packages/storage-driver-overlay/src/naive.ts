import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { ioError } from "@drayage/errors";
import type { Context } from "./context.ts";
import type { LayerFolder } from "./home.ts";
import { mountOn } from "./mount.ts";

/** A layer on those below it, to be read, that nobody else sees. */
export interface ShownLayer extends Disposable {
  readonly path: string;
}

/**
 * Mounts a layer, opens its root and takes the mount away again: it lives as long as the root is open. So a process that is killed leaves
 * nothing mounted, and no count of mounts knows of it.
 */
export function showLayer(context: Context, layer: LayerFolder): ShownLayer {
  const { home, sys } = context;
  try {
    mkdirSync(home.runPath, { recursive: true, mode: 0o700 });
    const target = mkdtempSync(join(home.runPath, "diff-"));
    try {
      mountOn(context, layer, { target, readOnly: true });
      try {
        const fd = openSync(target, constants.O_RDONLY | constants.O_DIRECTORY);
        return { path: `/proc/self/fd/${fd}`, [Symbol.dispose]: () => closeSync(fd) };
      } finally {
        sys.unmount(target, { detach: true });
      }
    } finally {
      rmdirSync(target);
    }
  } catch (error) {
    throw ioError(error, `mount layer ${layer.id}`, { path: layer.path });
  }
}
