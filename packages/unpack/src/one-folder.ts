import { readdirSync, utimesSync } from "node:fs";
import { type ByteString, toByteString } from "./byte-string.ts";
import type { Folder } from "./folder.ts";
import type { Site } from "./site.ts";
import type { LayersBelow } from "./whiteouts.ts";

const nothing = { opaqueRoot: false, links: [], whiteoutFolders: [] } as const;

/** The layers below are nobody's affair: whiteouts are files. */
export function noLayersBelow(): LayersBelow {
  return {
    onPut: () => undefined,
    onFolder: () => undefined,
    hide: () => undefined,
    hideAll: () => undefined,
    isHidden: () => false,
    mayReplace: () => false,
    refusal: () => undefined,
    pathBelow: () => undefined,
    openTarget: () => undefined,
    leaveOpen: () => undefined,
    open: () => nothing,
  };
}

/** The layers below are in the same folder: what is hidden is removed. What the layer itself has put is remembered. */
export function layersInOneFolder(site: Site): LayersBelow {
  const { tree } = site;

  /** Removes what is below of a name, and keeps what the layer has put into it. */
  function removeBelow(parent: Folder, name: ByteString): void {
    const stats = site.look(parent, name);
    if (stats === undefined) return;
    const folder = parent.children?.get(name);
    const isPut = parent.fresh || parent.put?.has(name) === true;
    if (folder === undefined || !stats.isDirectory() || !hasPut(folder)) {
      if (!isPut) site.clear(parent, name, stats);
      else if (stats.isDirectory()) removeAllBelow(folder ?? tree.child(parent, name));
      return;
    }
    removeAllBelow(folder);
    // A folder that was below and is hidden, but for what the layer puts into it: it is a new one.
    if (!isPut) {
      site.setImplied(folder);
      folder.before = undefined;
      const now = new Date();
      utimesSync(tree.at(folder, "."), now, now);
      note(parent, name);
    }
  }

  function removeAllBelow(folder: Folder): void {
    if (folder.fresh) return;
    for (const entry of readdirSync(tree.at(folder, "."), { encoding: "buffer" })) {
      removeBelow(folder, toByteString(entry));
    }
    folder.fresh = true;
  }

  function note(folder: Folder, name: ByteString): void {
    if (folder.fresh) return;
    folder.put ??= new Set();
    folder.put.add(name);
    folder.hidden?.delete(name);
  }

  function noteHidden(folder: Folder, name: ByteString): void {
    folder.hidden ??= new Set();
    folder.hidden.add(name);
  }

  return {
    ...noLayersBelow(),
    onPut: note,
    hide(folder, name) {
      removeBelow(folder, name);
      if (site.look(folder, name) === undefined) noteHidden(folder, name);
    },
    hideAll(folder) {
      removeAllBelow(folder);
      // The folder itself is still the one below, with its times.
      folder.hidden ??= new Set();
    },
    isHidden: (folder, name) => folder.hidden?.has(name) === true,
    mayReplace: (folder, name) => !folder.fresh && folder.put?.has(name) !== true,
  };
}

/** Whether the layer has put anything into a folder, however deep. */
function hasPut(folder: Folder): boolean {
  if (folder.fresh || (folder.put?.size ?? 0) > 0) return true;
  for (const child of folder.children?.values() ?? []) if (hasPut(child)) return true;
  return false;
}
