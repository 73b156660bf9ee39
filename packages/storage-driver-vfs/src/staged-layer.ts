import { chmodSync, closeSync, lchownSync, mkdirSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, ioError } from "@drayage/errors";
import { formatOverrideStat, overrideStatXattr } from "@drayage/pack";
import {
  createTemporaryPlace,
  type StagedLayer,
  type StageOptions,
  type TemporaryPlace,
} from "@drayage/storage";
import { requireSys, type Sys } from "@drayage/sys";
import { unpackLayer } from "@drayage/unpack";
import { copyTree } from "./copy-tree.ts";
import { isFolder, ownPath, requireLayer, type VfsHome } from "./home.ts";
import type { VfsOptions } from "./options.ts";
import { type Ownership, rootId, unpackSettings } from "./ownership.ts";

export interface StageSettings {
  readonly home: VfsHome;
  readonly options: VfsOptions;
  readonly ownership: Ownership;
}

/** The permissions of a root that no layer says anything of, as containers/storage makes it. */
const rootMode = 0o555;

/**
 * Begins a layer as a copy of its parent.
 *
 * @throws `ERR_DRAYAGE_LAYER_NOT_FOUND`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function stageLayer(settings: StageSettings, options: StageOptions): Promise<StagedLayer> {
  const { home, ownership } = settings;
  const { parent, signal } = options;
  const sys = requireSys("write layers");
  const below = parent === undefined ? undefined : requireLayer(home, parent);
  const place = createTemporaryPlace(sys, home.path);
  const root = join(place.path, "0-addition");
  try {
    makeFolder(root);
    if (below === undefined) setRoot(sys, root, { ownership, options });
    else await copyTree(below, root, { sys, ownership, signal });
  } catch (error) {
    await place.remove();
    throw error;
  }
  return stagedLayer({ ...settings, stage: options, sys, place, root });
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

function setRoot(
  sys: Sys,
  root: string,
  { ownership, options }: { readonly ownership: Ownership; readonly options: StageOptions },
): void {
  const owner = { uid: rootId(options.uidMap), gid: rootId(options.gidMap) };
  try {
    if (ownership.kind === "attribute") {
      const stat = { uid: 0, gid: 0, mode: rootMode, type: "directory", major: 0, minor: 0 } as const;
      sys.setXattr(root, overrideStatXattr, formatOverrideStat(stat));
      chmodSync(root, ownership.mode);
    } else {
      lchownSync(root, owner.uid, owner.gid);
      chmodSync(root, rootMode);
    }
  } catch (error) {
    throw ioError(error, "write", { path: root });
  }
}

interface Stage extends StageSettings {
  readonly stage: StageOptions;
  readonly sys: Sys;
  readonly place: TemporaryPlace;
  /** The tree that is being made. */
  readonly root: string;
}

function stagedLayer({ home, options, ownership, stage, sys, place, root }: Stage): StagedLayer {
  let isUnpacked = false;
  return {
    async unpack(blob, { signal, onBytes, tarSplitPath } = {}) {
      if (isUnpacked) throw misused("a layer is unpacked once");
      isUnpacked = true;
      const { drained, uids, gids } = await unpackLayer(blob, {
        root,
        whiteouts: "apply",
        ...unpackSettings(ownership),
        uidMap: stage.uidMap,
        gidMap: stage.gidMap,
        tarSplitPath,
        // The next layer waits for this one, so that no other thread has anything to do.
        alone: true,
        signal: signal ?? stage.signal,
        onBytes,
      });
      return { drained, uids, gids };
    },
    async settle(parent) {
      if (parent !== stage.parent) throw misused("a layer is put on another parent than it was made on");
      if (options.sync === "filesystem") syncFileSystem(sys, root);
    },
    async commit(id) {
      const path = ownPath(home, id);
      try {
        // Files that no record knows: a process died before it wrote one.
        if (isFolder(path)) renameSync(path, join(place.path, "1-unknown"));
        renameSync(root, path);
      } catch (error) {
        throw ioError(error, "write", { path });
      }
      place.removeIfEmpty();
    },
    discard: () => place.remove(),
    [Symbol.asyncDispose]: () => place.remove(),
  };
}

function syncFileSystem(sys: Sys, path: string): void {
  try {
    const fd = openSync(path, "r");
    try {
      sys.syncFileSystem(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

function misused(why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `the vfs driver is misused: ${why}`);
}
