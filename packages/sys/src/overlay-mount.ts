import { closeSync, readSync } from "node:fs";
import type { Kernel } from "./kernel.ts";
import { type MountOptions, mountOptions } from "./mount-options.ts";
import { workingFolder } from "./open-flags.ts";
import { ShortNames } from "./short-names.ts";
import type { OverlayMount } from "./sys.ts";
import { errnoNumber, systemError } from "./system-error.ts";

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const fsconfig = { flag: 0, string: 1, create: 6 } as const;
/** What mount(2) takes as options: a page, with a zero at its end. */
const pageLimit = 4095;
const missing = errnoNumber("ENOSYS");
const invalid = errnoNumber("EINVAL");
const tooLarge = errnoNumber("E2BIG");

/** Mounts folder by folder where the kernel can (Linux 6.7), so that there may be more than a page has room for. */
export function mountOverlay(kernel: Kernel, overlay: OverlayMount): void {
  const names = new ShortNames();
  try {
    const options = mountOptions(overlay.options ?? []);
    if (!mountStepwise(kernel, { overlay, options, names })) mountAtOnce(kernel, { overlay, options, names });
  } finally {
    names.close();
  }
}

interface Wanted {
  readonly overlay: OverlayMount;
  readonly options: MountOptions;
  readonly names: ShortNames;
}

/** False where the kernel does not know how. */
function mountStepwise(kernel: Kernel, { overlay, options, names }: Wanted): boolean {
  const { call, memory } = kernel;
  const context = call("fsopen", memory.name(0, "overlay", "fsopen"), FSOPEN_CLOEXEC);
  if (context === missing) return false;
  if (context < 0) throw systemError(context, "fsopen", { path: overlay.target });
  try {
    const set = (name: string, value?: string): number => {
      const key = memory.name(0, name, "fsconfig");
      if (value === undefined) return call("fsconfig", context, fsconfig.flag, key, 0, 0);
      return call("fsconfig", context, fsconfig.string, key, memory.name(1, value, "fsconfig"), 0);
    };
    const must = (result: number, path: string): void => {
      if (result < 0) throw systemError(result, "fsconfig", { path, detail: readComplaints(context) });
    };
    for (const [index, lower] of overlay.lowers.entries()) {
      const result = set("lowerdir+", names.of(lower));
      // Before Linux 6.7 there is no such option.
      if (index === 0 && result === invalid) return false;
      must(result, lower);
    }
    for (const [name, folder] of upperFolders(overlay)) must(set(name, names.of(folder)), folder);
    for (const [name, value] of options.fileSystem) must(set(name, value), name);
    must(set("source", "overlay"), overlay.target);
    must(call("fsconfig", context, fsconfig.create, 0, 0, 0), overlay.target);
    attach(kernel, context, { target: overlay.target, attributes: options.attributes });
    return true;
  } finally {
    closeSync(context);
  }
}

function attach(
  { call, memory }: Kernel,
  context: number,
  { target, attributes }: { readonly target: string; readonly attributes: number },
): void {
  const mount = call("fsmount", context, FSMOUNT_CLOEXEC, attributes);
  if (mount < 0) throw systemError(mount, "fsmount", { path: target, detail: readComplaints(context) });
  try {
    const from = memory.name(0, "", "move_mount");
    const to = memory.name(1, target, "move_mount");
    const result = call("move_mount", mount, from, workingFolder, to, MOVE_MOUNT_F_EMPTY_PATH);
    if (result < 0) throw systemError(result, "move_mount", { path: target });
  } finally {
    closeSync(mount);
  }
}

/** What the kernel says about a mount that it refused: lines such as `e overlay: …`. */
function readComplaints(context: number): string {
  const line = new Uint8Array(1024);
  const lines: string[] = [];
  try {
    for (;;)
      lines.push(
        Buffer.from(line.subarray(0, readSync(context, line)))
          .toString()
          .trim(),
      );
  } catch {
    // ENODATA: there are no more.
    return lines
      .filter((text) => text.startsWith("e "))
      .map((text) => text.slice(2))
      .join("; ");
  }
}

function mountAtOnce({ call, memory }: Kernel, { overlay, options, names }: Wanted): void {
  const text = (shortest: boolean): string => {
    const folders = [
      `lowerdir=${overlay.lowers.map((lower) => names.of(lower, shortest)).join(":")}`,
      ...upperFolders(overlay).map(([name, folder]) => `${name}=${names.of(folder, shortest)}`),
    ];
    return [...folders, ...options.fileSystem.map(asOption)].join(",");
  };
  const fits = (data: string): boolean => Buffer.byteLength(data) <= pageLimit;
  const plain = text(false);
  const data = fits(plain) ? plain : text(true);
  if (!fits(data)) throw systemError(tooLarge, "mount", { path: overlay.target });
  const type = memory.name(0, "overlay", "mount");
  const target = memory.name(1, overlay.target, "mount");
  const result = call("mount", type, target, type, options.flags, memory.putData(Buffer.from(data)));
  if (result < 0) throw systemError(result, "mount", { path: overlay.target });
}

function upperFolders({ upper, work }: OverlayMount): readonly (readonly [name: string, folder: string])[] {
  return [
    ...(upper === undefined ? [] : [["upperdir", upper] as const]),
    ...(work === undefined ? [] : [["workdir", work] as const]),
  ];
}

function asOption([name, value]: readonly [name: string, value?: string]): string {
  if (value === undefined) return name;
  return value.includes(",") ? `${name}="${value}"` : `${name}=${value}`;
}
