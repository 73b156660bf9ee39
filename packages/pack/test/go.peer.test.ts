import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { requireSys } from "@drayage/sys";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import { afterEach, expect, it } from "vitest";
import { compareTrees, packChanges, packTree } from "../src/index.ts";
import { collect, entriesOf, namesOf } from "./support/collect.ts";
import { writeSampleTree } from "./support/sample-tree.ts";

const mounted: string[] = [];

afterEach(() => {
  for (const root of mounted.splice(0)) {
    for (const target of mountsBelow(root)) requireSys("unmount").unmount(target, { detach: true });
  }
});

function mountsBelow(root: string): readonly string[] {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  return points.filter((point) => point === root || point.startsWith(`${root}/`)).reverse();
}

describeWithPeers("containers-storage 1.43", ["containers-storage", "root"], (peers) => {
  function store(driver: "vfs" | "overlay"): {
    readonly root: string;
    call(...args: string[]): ReturnType<typeof run>;
  } {
    const folder = temporaryDirectory();
    const root = join(folder, "root");
    mounted.push(folder);
    const flags = ["--graph", root, "--run", join(folder, "run"), "--storage-driver", driver];
    return { root, call: (...args) => run(peers["containers-storage"], [...flags, ...args]) };
  }

  /** What only root can make. */
  function writePrivileged(root: string): void {
    const sys = requireSys("make device nodes");
    const at = (name: string): string => join(root, name);
    execFileSync("mknod", [at("dev"), "c", "1", "3"]);
    execFileSync("mknod", [at("disk"), "b", "8", "1000"]);
    execFileSync("mkfifo", [at("fifo")]);
    utimesSync(at("fifo"), 5, -6);
    chownSync(at("a/b"), 12_345, 3_000_000);
    lchownSync(at("longlink"), 7, 8);
    chownSync(at("empty"), 5_000_000, 1);
    chmodSync(at("empty"), 0o1777);
    sys.setXattr(at("a/b/file"), "user.foo", Buffer.from("bar\0\xff", "latin1"));
    sys.setXattr(at("empty"), "user.folder", new Uint8Array());
    sys.setXattr(
      at("big"),
      "security.capability",
      Buffer.from("0100000200040000000000000000000000000000", "hex"),
    );
    sys.setXattr(at("big"), "trusted.left-out", Buffer.of(1));
  }

  it("writes the same tar of a layer without a parent", async () => {
    const { root, call } = store("vfs");
    await call("create-layer", "-i", "base");
    const folder = join(root, "vfs/dir/base");
    writeSampleTree(folder);
    writePrivileged(folder);
    const { bytes } = await call("diff", "base");
    const packed = await collect(packTree(folder, { dialect: "1.43" }));
    expect(namesOf(packed)).toEqual(namesOf(bytes));
    expect(Buffer.compare(packed, bytes)).toBe(0);
  });

  it("finds the same changes, and writes the same tar of them", async () => {
    const { root, call } = store("vfs");
    await call("create-layer", "-i", "base");
    const base = join(root, "vfs/dir/base");
    writeSampleTree(base);
    writePrivileged(base);
    await call("create-layer", "-i", "child", "base");
    const child = join(root, "vfs/dir/child");
    const at = (name: string): string => join(child, name);
    unlinkSync(at("zhard"));
    writeFileSync(at("zero"), "more");
    rmSync(at("sp ace"), { recursive: true });
    mkdirSync(at("new/folder"), { recursive: true });
    writeFileSync(at("new/f"), "x");
    linkSync(at("new/f"), at("new/g"));
    unlinkSync(at("fifo"));
    mkdirSync(at("fifo"));
    writeFileSync(at("fifo/in"), "y");
    chmodSync(at("a/b"), 0o700);
    rmSync(at("etc"), { recursive: true });
    writeFileSync(at("etc"), "a file");
    unlinkSync(at("a/link"));
    symlinkSync("other", at("a/link"));
    requireSys("set attributes").setXattr(at("big"), "user.zz", Buffer.of(1));
    requireSys("set attributes").removeXattr(at("empty"), "user.folder");

    const changes = await compareTrees(child, base);
    const { stdout } = await call("changes", "child", "base");
    const verbs = { added: "Add", changed: "Modify", removed: "Delete" };
    expect(changes.map(({ kind, path }) => `${verbs[kind]} ${JSON.stringify(path)}`).sort()).toEqual(
      stdout.trim().split("\n").sort(),
    );
    expect(changes.length).toBe(15);

    const { bytes } = await call("diff", "child", "base");
    // The whiteouts of the Go tools are as old as the tar.
    const whiteout = entriesOf(bytes).find(({ header }) => header.name === ".wh.zhard")?.header;
    expect(whiteout?.mode).toBe(0);
    const packed = await collect(packChanges(child, changes, { dialect: "1.43" }));
    expect(namesOf(packed)).toEqual(namesOf(bytes));
    expect(Buffer.compare(withoutWhiteoutTimes(packed), withoutWhiteoutTimes(bytes))).toBe(0);
  });

  it("writes the same tar of an overlay layer", async () => {
    const { root, call } = store("overlay");
    await call("create-layer", "-i", "base");
    const base = join(root, "overlay/base/diff");
    for (const folder of ["kept", "emptied/inner", "removed"])
      mkdirSync(join(base, folder), { recursive: true });
    for (const file of ["one", "two", "three", "kept/a", "kept/b", "emptied/x", "removed/y"])
      writeFileSync(join(base, file), file);
    await call("create-layer", "-i", "child", "base");
    const merged = (await call("mount", "child")).stdout.trim();
    const at = (name: string): string => join(merged, name);
    for (const file of ["one", "two", "kept/a"]) unlinkSync(at(file));
    rmSync(at("emptied"), { recursive: true });
    mkdirSync(at("emptied/inner"), { recursive: true });
    writeFileSync(at("emptied/new"), "new");
    rmSync(at("removed"), { recursive: true });
    mkdirSync(at("added"));
    await call("unmount", "child");
    const { bytes } = await call("diff", "child");
    const upper = join(root, "overlay/child/diff");
    const packed = await collect(packTree(upper, { dialect: "1.43", overlay: { lowers: [base] } }));
    expect(namesOf(packed)).toEqual(namesOf(bytes));
    expect(namesOf(packed)).toEqual([
      "added/",
      "emptied/",
      "emptied/.wh..wh..opq",
      "emptied/inner/",
      "emptied/new",
      "kept/",
      "kept/.wh.a",
      ".wh.one",
      ".wh.removed",
      ".wh.two",
    ]);
    expect(Buffer.compare(packed, bytes)).toBe(0);
  });
});

/** The times of `.wh.` entries, and the sums of their headers, as zeros. */
function withoutWhiteoutTimes(tar: Uint8Array): Uint8Array {
  const copy = Buffer.from(tar);
  for (let offset = 0; offset < copy.length; offset += 512) {
    const name = copy.toString("latin1", offset, offset + 100);
    if (copy.toString("latin1", offset + 257, offset + 262) !== "ustar" || !/(^|\/)\.wh\./.test(name))
      continue;
    copy.fill(0, offset + 136, offset + 156);
  }
  return copy;
}
