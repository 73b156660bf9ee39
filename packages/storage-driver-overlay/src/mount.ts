import { lstatSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import type { MountLayerOptions } from "@drayage/storage";
import { requireParents } from "./check-parents.ts";
import type { Context } from "./context.ts";
import { type LayerFolder, requireLayer } from "./home.ts";
import { makeFolder } from "./layer-folder.ts";
import { foldersBelow, refuseComposefs } from "./lower-folders.ts";
import { isMountPoint } from "./mount-info.ts";
import { bindHome, releaseHome } from "./private-home.ts";
import { refuseMountProgram, requireRoot } from "./refusals.ts";

/** Mounts a layer on `<id>/merged`, and gives that path; the same where it is mounted already. */
export function mountLayer(context: Context, id: string, options: MountLayerOptions = {}): string {
  const layer = requireLayer(context.home, id);
  const target = mountTarget(context, layer);
  try {
    if (!isMountPoint(target)) {
      requireRoot("mount a layer");
      requireParents(context.home, layer, options.parents);
    }
    bindHome(context);
    ensureTarget(target, layer);
    if (isMountPoint(target)) return target;
    mountOn(context, layer, { target, readOnly: layer.elsewhere, ...options });
    return target;
  } catch (error) {
    throw ioError(error, `mount layer ${id}`, { path: target });
  }
}

/** Nothing where it is not mounted. */
export function unmountLayer(context: Context, id: string): void {
  const layer = requireLayer(context.home, id);
  const target = mountTarget(context, layer);
  try {
    if (isMountPoint(target)) context.sys.unmount(target, { detach: true });
    if (layer.elsewhere) rmSync(join(context.home.runPath, id), { recursive: true, force: true });
    else replaceTarget(layer.path);
    releaseHome(context);
  } catch (error) {
    throw ioError(error, `unmount layer ${id}`, { path: target });
  }
}

interface MountOn extends MountLayerOptions {
  readonly target: string;
}

/** Mounts a layer on any folder. */
export function mountOn(context: Context, layer: LayerFolder, wish: MountOn): void {
  refuseMountProgram(context);
  requireRoot("mount a layer");
  refuseComposefs(layer);
  const { sys, home, marks, options } = context;
  const chosen =
    wish.options === undefined || wish.options.length === 0 ? options.mountOptions : wish.options;
  const below = foldersBelow(home, layer);
  const lowers = below.length > 0 ? below : [emptyFolder(layer)];
  const readOnly = wish.readOnly === true || chosen.includes("ro");
  const all = [
    // The kernel takes no word on metacopy from user namespaces.
    ...chosen.filter(
      (option) => option !== "ro" && !(marks.namespace === "user" && option === "metacopy=on"),
    ),
    ...(marks.namespace === "user" && !chosen.includes("userxattr") ? ["userxattr"] : []),
    ...(wish.volatile === true && !readOnly && !chosen.includes("volatile") ? ["volatile"] : []),
    ...(wish.mountLabel === undefined || wish.mountLabel === "" ? [] : [`context="${wish.mountLabel}"`]),
  ];
  if (readOnly) {
    sys.mountOverlay({ lowers: [layer.diff, ...lowers], target: wish.target, options: all });
    return;
  }
  const work = join(layer.path, "work");
  // What was mounted so once, the kernel refuses to mount again, as its last changes may be missing. The Go tools take that in.
  rmSync(join(work, "work", "incompat", "volatile"), { recursive: true, force: true });
  sys.mountOverlay({ lowers, upper: layer.diff, work, target: wish.target, options: all });
}

/** A mount needs a folder below: that of layers without parents. */
function emptyFolder({ path }: LayerFolder): string {
  const empty = join(path, "empty");
  mkdirSync(empty, { recursive: true, mode: 0o700 });
  return empty;
}

/** In an additional store, nothing is written. */
function mountTarget({ home }: Context, layer: LayerFolder): string {
  return layer.elsewhere ? join(home.runPath, layer.id, "merged") : join(layer.path, "merged");
}

/** Earlier versions of containers/storage remove it with each unmount. */
function ensureTarget(target: string, { diff, elsewhere }: LayerFolder): void {
  try {
    if (elsewhere) mkdirSync(target, { recursive: true, mode: 0o700 });
    else makeFolder(target, 0o700, statSync(diff));
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

/** By another folder of its name: so does containers/storage, to be rid of what else is mounted there in other namespaces. */
function replaceTarget(path: string): void {
  const next = join(path, "merged.1");
  const merged = join(path, "merged");
  try {
    makeFolder(next, 0o700, lstatSync(merged));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  renameSync(next, merged);
}
