import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireSys, sysBase, workingFolder } from "../src/index.ts";
import type { Kernel } from "../src/kernel.ts";
import { loadKernel } from "../src/load-kernel.ts";
import { mountOverlay } from "../src/overlay-mount.ts";
import type { OverlayMount } from "../src/sys.ts";
import { useFolder } from "./support/folder.ts";
import { named, whyNoMounts } from "./support/machine.ts";

const sys = requireSys("test");
const at = useFolder();

function folder(...names: string[]): string {
  mkdirSync(at(...names), { recursive: true });
  return at(...names);
}

/** The fields of mountinfo of what is mounted on a folder: root, options of the mount, those of the file system. */
function mountsOn(
  target: string,
): readonly { readonly options: string; readonly type: string; readonly shared: string }[] {
  const escaped = realpathSync(target).replaceAll("\\", "\\134");
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.split(" ")[4] === escaped)
    .map((line) => {
      const fields = line.split(" ");
      const end = fields.indexOf("-");
      return {
        options: fields[5] ?? "",
        shared: fields.slice(6, end).join(" "),
        type: fields[end + 1] ?? "",
      };
    });
}

function isMounted(target: string): boolean {
  return existsSync(target) && mountsOn(target).length > 0;
}

/** A kernel that knows nothing of fsopen(2), and one that has it, but lower folders only all at once. */
function olderKernels(): readonly Kernel[] {
  const found = loadKernel([sysBase()]);
  if ("reason" in found) throw new Error(found.reason);
  const { call, memory } = found.kernel;
  return [
    { memory, call: (name, ...rest) => (name === "fsopen" ? -38 : call(name, ...rest)) },
    { memory, call: (name, ...rest) => (name === "fsconfig" ? -22 : call(name, ...rest)) },
  ];
}

function lowers(count: number, name: (index: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const lower = folder(name(index));
    writeFileSync(join(lower, `file-${index}`), String(index));
    return lower;
  });
}

describe.skipIf(whyNoMounts !== undefined)(named("mounts", whyNoMounts), () => {
  let target: string;
  beforeEach(() => {
    target = folder("merged");
  });
  afterEach(() => {
    while (isMounted(target)) sys.unmount(target, { detach: true });
  });

  function writable(rest: Omit<OverlayMount, "target" | "upper" | "work">): OverlayMount {
    return { ...rest, upper: folder("upper"), work: folder("work"), target };
  }

  it("show the nearest of several folders first, and keep what is written in the upper one", () => {
    const [near, far] = [folder("near"), folder("far")];
    writeFileSync(join(near, "both"), "near");
    writeFileSync(join(far, "both"), "far");
    writeFileSync(join(far, "one"), "far");
    sys.mountOverlay(
      writable({ lowers: [near, far], options: ["nodev", "noatime", "volatile", "index=off"] }),
    );
    expect(readFileSync(join(target, "both"), "utf8")).toBe("near");
    writeFileSync(join(target, "new"), "new");
    sys.unlinkAt(workingFolder, join(target, "one"));
    const [mount] = mountsOn(target);
    expect(mount).toMatchObject({ type: "overlay", options: "rw,nodev,noatime" });
    sys.unmount(target);
    expect(isMounted(target)).toBe(false);
    expect(readdirSync(at("upper"))).toEqual(["new", "one"]);
    expect(lstatSync(at("upper", "one"))).toMatchObject({ mode: 0o020000, rdev: 0 });
  });

  it("may have more folders than a page has room for", () => {
    const all = lowers(400, (index) => `a-folder-with-a-name-of-some-length-${index}`);
    sys.mountOverlay(writable({ lowers: all }));
    expect(readdirSync(target).length).toBe(400);
    expect(readFileSync(join(target, "file-399"), "utf8")).toBe("399");
  });

  it("may have folders with long names, and with characters that options are split at", () => {
    const all = lowers(3, (index) => join("x".repeat(200), "y".repeat(200), `a,b:c\\d=${index}`));
    mkdirSync(at("odd,u:p\\per"));
    mkdirSync(at("odd,w:o\\rk"));
    sys.mountOverlay({ lowers: all, upper: at("odd,u:p\\per"), work: at("odd,w:o\\rk"), target });
    writeFileSync(join(target, "new"), "new");
    expect(readdirSync(target)).toEqual(["file-0", "file-1", "file-2", "new"]);
    expect(readdirSync(at("odd,u:p\\per"))).toEqual(["new"]);
  });

  it("without an upper folder cannot be written", () => {
    sys.mountOverlay({ lowers: lowers(2, String), target });
    expect(() => writeFileSync(join(target, "new"), "")).toThrow(expect.objectContaining({ code: "EROFS" }));
  });

  it("that the kernel refuses say why, and leave nothing open", () => {
    const before = readdirSync("/proc/self/fd").length;
    const two = lowers(2, String);
    const missing = at("missing");
    expect(() => sys.mountOverlay({ lowers: [missing], target })).toThrow(
      expect.objectContaining({ code: "ENOENT", path: missing }),
    );
    expect(() => sys.mountOverlay({ lowers: two, target, options: ["nonsense"] })).toThrow(/nonsense/);
    expect(() => sys.mountOverlay({ lowers: two, target: missing })).toThrow(
      expect.objectContaining({ code: "ENOENT", syscall: "move_mount", path: missing }),
    );
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });

  it("work on older kernels too, with 200 folders", () => {
    const all = lowers(200, (index) => `a-folder-with-a-name-of-some-length-${index}`);
    const few = lowers(2, (index) => `few,${index}`);
    for (const kernel of olderKernels()) {
      mountOverlay(kernel, writable({ lowers: all, options: ["ro", "nosuid", "index=off"] }));
      expect(readdirSync(target).length).toBe(200);
      expect(mountsOn(target)).toMatchObject([{ options: "ro,nosuid,relatime" }]);
      sys.unmount(target);
      mountOverlay(kernel, writable({ lowers: few }));
      expect(readdirSync(target)).toEqual(["file-0", "file-1"]);
      sys.unmount(target);
      const tooMany = Array.from({ length: 500 }, (_, index) => all[index % 200] ?? "");
      expect(() => mountOverlay(kernel, writable({ lowers: tooMany }))).toThrow();
      expect(isMounted(target)).toBe(false);
    }
  });

  it("bind one folder on another, or on itself, private and read-only", () => {
    const from = folder("from");
    writeFileSync(join(from, "file"), "text");
    sys.bindMount(from, target, { private: true, readOnly: true });
    expect(readFileSync(join(target, "file"), "utf8")).toBe("text");
    expect(() => writeFileSync(join(target, "new"), "")).toThrow(expect.objectContaining({ code: "EROFS" }));
    sys.unmount(target);
    sys.bindMount(target, target);
    sys.makePrivate(target);
    expect(mountsOn(target)).toMatchObject([{ shared: "" }]);
  });

  it("in use are unmounted only where that is wanted", () => {
    sys.bindMount(target, target, { private: true });
    const fd = sys.openAt(workingFolder, target, 0);
    expect(() => sys.unmount(target)).toThrow(expect.objectContaining({ code: "EBUSY", path: target }));
    sys.unmount(target, { detach: true });
    expect(isMounted(target)).toBe(false);
    closeSync(fd);
  });
});
