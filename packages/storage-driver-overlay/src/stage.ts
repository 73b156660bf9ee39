import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Blob } from "@drayage/blob";
import { DrayageError, ioError } from "@drayage/errors";
import {
  createTemporaryPlace,
  type StagedLayer,
  type StageOptions,
  type UnpackedLayer,
  type UnpackStagedOptions,
} from "@drayage/storage";
import { type UnpackReport, unpackLayer } from "@drayage/unpack";
import type { Context } from "./context.ts";
import { layerPath, requireLayer } from "./home.ts";
import { furnishLayerFolder, inheritRoot, makeLayerFolder, rootOwner } from "./layer-folder.ts";
import { createLinkName } from "./link-name.ts";
import { layersOfNames, lowersOn, makeLink, withinDepth, writeLinkFiles } from "./links.ts";
import { mountPoints } from "./mount-info.ts";
import { requireStaging } from "./refusals.ts";
import { moveAside } from "./remove.ts";
import { settleLayer } from "./settle.ts";

/** What a staged layer tells another one that is to stand on it. */
interface Parent {
  /** Names in `l`, the parent's own first. */
  readonly names: readonly string[];
  /** The folders of files, the parent's own first; where they are now. */
  diffs(): readonly string[];
}

/** Layers of this driver know each other. */
const parents = new WeakMap<StagedLayer, () => Parent>();

type State = "made" | "unpacked" | "settled" | "committed" | "discarded";

/** Begins a layer in `tempdirs`, with all that its folder will have. Committing it is a rename and a link. */
export async function stageLayer(context: Context, options: StageOptions = {}): Promise<StagedLayer> {
  const { sys, home, marks } = context;
  requireStaging(context);
  const place = createTemporaryPlace(sys, home.path);
  const link = createLinkName();
  let path = join(place.path, "0-addition");
  let state: State = "made";
  let report: UnpackReport | undefined;
  let below: Parent | undefined;
  try {
    makeLayerFolder(path, rootOwner(options));
  } catch (error) {
    await place.remove();
    throw error;
  }

  function expect(...states: readonly State[]): void {
    if (states.includes(state)) return;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `a staged layer that is ${state} cannot be used in this way`);
  }

  async function unpack(blob: Blob, how: UnpackStagedOptions = {}): Promise<UnpackedLayer> {
    expect("made");
    state = "unpacked";
    const { drained, ...found } = await unpackLayer(blob, {
      root: join(path, "diff"),
      whiteouts: marks.namespace === "user" ? "overlay-user" : "overlay-trusted",
      ownership: context.options.ignoreChownErrors ? "try" : "chown",
      devices: context.inUserNamespace ? "skip" : "make",
      uidMap: options.uidMap,
      gidMap: options.gidMap,
      ...how,
    });
    report = found;
    return { drained, uids: found.uids, gids: found.gids };
  }

  async function settle(parent: string | StagedLayer | undefined): Promise<void> {
    expect("made", "unpacked");
    below = parent === undefined ? undefined : parentOf(context, parent);
    const lowers = below?.diffs() ?? [];
    const [nearest] = lowers;
    try {
      if (report !== undefined)
        await settleLayer(report.open, { sys, marks, diff: join(path, "diff"), lowers });
      if (nearest !== undefined && report?.rootEntry === undefined) inheritRoot(join(path, "diff"), nearest);
      furnishLayerFolder(path, { link, lowers: below?.names ?? [] });
      if (context.options.sync === "filesystem") syncFileSystem(context, path);
    } catch (error) {
      throw ioError(error, "write", { path });
    }
    state = "settled";
  }

  async function commit(id: string, parent?: string): Promise<void> {
    expect("settled");
    const target = layerPath(home, id);
    try {
      if (parent !== undefined) standOn(parent);
      // Without a record it is what a crash left.
      if (existsSync(target)) moveAside(context, id, { place: place.path, points: mountPoints() });
      renameSync(path, target);
      linkOrUndo(target, id);
    } catch (error) {
      throw ioError(error, "write", { path: target });
    }
    path = target;
    state = "committed";
    place.removeIfEmpty();
  }

  /** Another layer of the same content may have come first, or taken its place: it has a name of its own in `l`. */
  function standOn(parent: string): void {
    const names = lowersOn(home, requireLayer(home, parent));
    if (names.join() === below?.names.join()) return;
    writeLinkFiles(path, link, names);
    below = parentOf(context, parent);
  }

  function linkOrUndo(target: string, id: string): void {
    try {
      makeLink(home, id, link);
    } catch (error) {
      renameSync(target, path);
      throw error;
    }
  }

  async function discard(): Promise<void> {
    if (state !== "committed") state = "discarded";
    await place.remove();
  }

  const staged: StagedLayer = { unpack, settle, commit, discard, [Symbol.asyncDispose]: discard };
  parents.set(staged, () => {
    expect("settled", "committed");
    return {
      names: withinDepth([link, ...(below?.names ?? [])]),
      diffs: () => [join(path, "diff"), ...(below?.diffs() ?? [])],
    };
  });
  return staged;
}

function parentOf(context: Context, parent: string | StagedLayer): Parent {
  if (typeof parent !== "string") {
    const staged = parents.get(parent);
    if (staged === undefined)
      throw new DrayageError("ERR_DRAYAGE_USAGE", "the parent is staged by another driver");
    return staged();
  }
  const names = lowersOn(context.home, requireLayer(context.home, parent));
  const diffs = layersOfNames(context.home, names).map(({ diff }) => diff);
  return { names, diffs: () => diffs };
}

function syncFileSystem({ sys }: Context, path: string): void {
  const fd = openSync(path, "r");
  try {
    sys.syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}
