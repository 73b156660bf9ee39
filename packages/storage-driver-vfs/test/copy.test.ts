import { execFileSync } from "node:child_process";
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { loadSys, type Sys } from "@drayage/sys";
import { readEdgeFolder } from "@drayage/testkit/edge-layers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentCopier } from "../src/copy-content.ts";
import { copyTree } from "../src/copy-tree.ts";
import type { Ownership } from "../src/ownership.ts";

const sys = loadSys();
const real: Ownership = { kind: "real", ignoreErrors: false };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe.skipIf(sys === undefined)("copyTree", () => {
  const at = (name: string): string => join(folder, "from", name);
  const to = (name: string): string => join(folder, "to", name);

  function writeTree(): void {
    mkdirSync(at("a/b"), { recursive: true });
    mkdirSync(at(`deep/${"d/".repeat(40)}`), { recursive: true });
    writeFileSync(at("a/b/file"), "file", { mode: 0o640 });
    writeFileSync(at("large"), Buffer.alloc(3_000_000, "content"));
    writeFileSync(at("empty"), "");
    linkSync(at("large"), at("a/large"));
    symlinkSync("a/b", at("link"));
    linkSync(at("link"), at("a/same-link"));
    writeFileSync(Buffer.concat([Buffer.from(at("bad")), Buffer.of(0xff)]), "bad");
    execFileSync("mkfifo", ["-m", "600", at("fifo")]);
    sys?.setXattr(at("a"), "user.of-a-folder", Buffer.from("value"));
    sys?.setXattr(at("empty"), "user.of-a-file", Buffer.of(0, 255));
    execFileSync("find", [
      join(folder, "from"),
      "-exec",
      "touch",
      "-h",
      "-d",
      "@1234567890.987654321",
      "{}",
      "+",
    ]);
  }

  async function copy(ownership: Ownership = real, options: { signal?: AbortSignal } = {}): Promise<void> {
    mkdirSync(join(folder, "to"));
    if (sys !== undefined)
      await copyTree(join(folder, "from"), join(folder, "to"), { sys, ownership, ...options });
  }

  it("keeps contents, names, modes, links, attributes and times", async () => {
    writeTree();
    const before = untold(readEdgeFolder(join(folder, "from")));
    await copy();
    expect(untold(readEdgeFolder(join(folder, "to")))).toEqual(before);
    expect(before.get("large")?.mtime).toEqual({ seconds: 1_234_567_890, nanoseconds: 987_654_321 });
    expect(before.get("")?.mtime).toEqual({ seconds: 1_234_567_890, nanoseconds: 987_654_321 });
  });

  it("keeps hard links together, of symbolic links too, and apart from the original", async () => {
    writeTree();
    await copy();
    expect(lstatSync(to("large")).ino).toBe(lstatSync(to("a/large")).ino);
    expect(lstatSync(to("link")).ino).toBe(lstatSync(to("a/same-link")).ino);
    expect(lstatSync(to("large")).nlink).toBe(2);
    expect(lstatSync(to("large")).ino).not.toBe(lstatSync(at("large")).ino);
  });

  it("keeps times of access", async () => {
    writeTree();
    execFileSync("touch", ["-a", "-d", "@1111111111.123456789", at("empty")]);
    await copy();
    expect(lstatSync(to("empty"), { bigint: true }).atimeNs).toBe(1_111_111_111_123_456_789n);
  });

  it("makes of a tree with real owners one that keeps them in an attribute", async () => {
    mkdirSync(at("folder"), { recursive: true, mode: 0o755 });
    writeFileSync(at("file"), "content", { mode: 0o604 });
    execFileSync("mkfifo", ["-m", "620", at("fifo")]);
    await copy({ kind: "attribute", mode: 0o700 });
    expect([lstatSync(to("file")).mode & 0o7777, lstatSync(to("fifo")).isFile()]).toEqual([0o700, true]);
    const tree = readEdgeFolder(join(folder, "to"), { overrideStat: true });
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    expect(tree.get("folder")).toMatchObject({ kind: "folder", mode: 0o755, uid, gid });
    expect(tree.get("file")).toMatchObject({ kind: "file", mode: 0o604, uid, gid });
    expect(tree.get("fifo")).toMatchObject({ kind: "pipe", mode: 0o620, uid, gid });
  });

  it("stops where it is told to", async () => {
    writeTree();
    await expect(copy(real, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });

  it("says which folder is missing", async () => {
    await expect(copy()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining(join(folder, "from")),
    });
  });
});

type Told = Readonly<Record<string, unknown>>;

/** Contents as their digests, since the comparison of long arrays takes minutes. */
function untold(tree: ReturnType<typeof readEdgeFolder>): ReadonlyMap<string, Told> {
  return new Map(
    [...tree].map(([path, { identity, content, ...file }]) => [
      path,
      { ...file, content: content && digestBytes(content) },
    ]),
  );
}

describe("contents are copied", () => {
  const content = Buffer.alloc(700_000, "what is copied ");

  /** Copies two files where the system has only some of the calls. */
  async function copyWith(calls: Partial<Sys>): Promise<readonly Buffer[]> {
    const none = (): never => {
      throw systemError("ENOSYS");
    };
    const copier = contentCopier(
      { cloneFile: none, copyRange: none, ...calls } as Sys,
      async () => undefined,
    );
    writeFileSync(join(folder, "from"), content);
    const copies: Buffer[] = [];
    for (const name of ["one", "two"]) {
      const from = openSync(join(folder, "from"), "r");
      const to = openSync(join(folder, name), "wx");
      try {
        await copier.copy(from, to);
      } finally {
        closeSync(from);
        closeSync(to);
      }
      copies.push(readFileSync(join(folder, name)));
    }
    return copies;
  }

  function same(copies: readonly Buffer[]): readonly boolean[] {
    return copies.map((copy) => copy.equals(content));
  }

  it("through a buffer where there are no calls for it", async () => {
    expect(same(await copyWith({}))).toEqual([true, true]);
  });

  it("by the kernel, and what failed once is not tried again", async () => {
    let clones = 0;
    let ranges = 0;
    const cloneFile = (): never => {
      clones++;
      throw systemError("EXDEV");
    };
    const copyRange: Sys["copyRange"] = () => {
      ranges++;
      throw systemError("EXDEV");
    };
    expect(same(await copyWith({ cloneFile, copyRange }))).toEqual([true, true]);
    expect([clones, ranges]).toEqual([1, 1]);
  });

  it.skipIf(sys === undefined)("by the calls of this machine", async () => {
    expect(same(await copyWith({ ...sys }))).toEqual([true, true]);
  });

  it("not at all where the disk is full", async () => {
    const cloneFile = (): never => {
      throw systemError("ENOSPC");
    };
    await expect(copyWith({ cloneFile })).rejects.toMatchObject({ code: "ENOSPC" });
  });
});
