import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesBlob, createStagedFile, drain, writeFileAtomic } from "../src/index.ts";
import { type Owner, thisOwner } from "../src/owner.ts";
import { formatStagedName, parseStagedName, stagedKey } from "../src/staged-name.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
const key = stagedKey(`sha256:${"a".repeat(64)}`);

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

/** A partial file as another process has left it. */
function leftover(
  content: string,
  owner: Partial<Owner>,
  options: { key?: string; ageHours?: number } = {},
): string {
  const name = formatStagedName({ key: options.key ?? key, owner: { ...thisOwner(), ...owner } });
  writeFileSync(folder.join(name), content);
  const time = Date.now() / 1000 - (options.ageHours ?? 0) * 3600;
  utimesSync(folder.join(name), time, time);
  return name;
}

describe("createStagedFile", () => {
  it("shows nothing at the final path before commit, and the content with its mode after it", async () => {
    await using staged = await createStagedFile(folder.path);
    writeSync(staged.fd, "content");
    expect(existsSync(folder.join("final"))).toBe(false);
    await staged.commit(folder.join("final"), { mode: 0o640 });
    expect(readFileSync(folder.join("final"), "utf8")).toBe("content");
    expect(statSync(folder.join("final")).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder.path)).toEqual(["final"]);
    expect(folder.openFiles()).toEqual([]);
  });

  it("leaves nothing behind when it is discarded, disposed of or both", async () => {
    const staged = await createStagedFile(folder.path, { key });
    await staged.discard();
    await staged.discard();
    {
      await using other = await createStagedFile(folder.path);
      writeSync(other.fd, "content");
    }
    expect(readdirSync(folder.path)).toEqual([]);
    expect(folder.openFiles()).toEqual([]);
  });

  it("keeps what stood at the final path when it is discarded", async () => {
    writeFileSync(folder.join("final"), "before");
    await (await createStagedFile(folder.path)).discard();
    expect(readFileSync(folder.join("final"), "utf8")).toBe("before");
  });

  it("refuses a second commit and one after discard", async () => {
    const staged = await createStagedFile(folder.path);
    await staged.commit(folder.join("final"));
    expect((await errorOf(staged.commit(folder.join("other")))).code).toBe("ERR_DRAYAGE_USAGE");
    await staged.discard();
    expect(existsSync(folder.join("final"))).toBe(true);
  });

  it("can be discarded after a commit that failed", async () => {
    const staged = await createStagedFile(folder.path);
    const error = await errorOf(staged.commit(folder.join("missing", "final")));
    expect(error.code).toBe("ERR_DRAYAGE_IO");
    await staged.discard();
    expect(readdirSync(folder.path)).toEqual([]);
    expect(folder.openFiles()).toEqual([]);
  });

  it("says which folder is not there", async () => {
    const error = await errorOf(createStagedFile(folder.join("missing")));
    expect(error.code).toBe("ERR_DRAYAGE_IO");
    expect(error.message).toContain(folder.join("missing"));
  });

  it("takes over the longest partial of a dead process and deletes its others", async () => {
    const pid = deadPid();
    leftover("short", { pid, start: "1" });
    leftover("longer", { pid, start: "1" });
    await using staged = await createStagedFile(folder.path, { key });
    expect(staged.present).toBe(6);
    expect(staged.sink).toMatchObject({ position: 0, whole: true, present: 6, fd: staged.fd });
    expect(readFileSync(staged.path, "utf8")).toBe("longer");
    expect(readdirSync(folder.path)).toHaveLength(1);
    const bytes = Buffer.alloc(3);
    const { readSync } = await import("node:fs");
    expect(readSync(staged.fd, bytes, 0, 3, 3)).toBe(3);
    expect(bytes.toString()).toBe("ger");
  });

  it("takes over the partial of an earlier process that had a living one's number", async () => {
    leftover("partial", { pid: process.pid, start: "1" });
    await using staged = await createStagedFile(folder.path, { key });
    expect(staged.present).toBe(7);
  });

  it("leaves the partials of living processes alone, its own too", async () => {
    await using mine = await createStagedFile(folder.path, { key });
    writeSync(mine.fd, "mine");
    const parent = leftover("parents", { pid: process.ppid, start: "0" });
    await using staged = await createStagedFile(folder.path, { key });
    expect(staged.present).toBe(0);
    expect(readFileSync(mine.path, "utf8")).toBe("mine");
    expect(existsSync(folder.join(parent))).toBe(true);
  });

  it("takes over a partial of another machine only when nothing was written for an hour", async () => {
    const place = "0123456789ab";
    const fresh = leftover("fresh, and longer", { place }, { ageHours: 0.9 });
    leftover("old", { place }, { ageHours: 1.1 });
    await using staged = await createStagedFile(folder.path, { key });
    expect(staged.present).toBe(3);
    expect(existsSync(folder.join(fresh))).toBe(true);
  });

  it("takes over no partial of another key, and deletes it after a day", async () => {
    const pid = deadPid();
    const young = leftover("young", { pid, start: "1" }, { key: "other", ageHours: 23 });
    leftover("old", { pid, start: "1" }, { key: "other", ageHours: 25 });
    await using staged = await createStagedFile(folder.path, { key });
    expect(staged.present).toBe(0);
    expect(readdirSync(folder.path).filter((name) => parseStagedName(name)?.key === "other")).toEqual([
      young,
    ]);
  });

  it("deletes what a dead process left that cannot be resumed", async () => {
    leftover("anonymous", { pid: deadPid(), start: "1" }, { key: "" });
    await using staged = await createStagedFile(folder.path);
    expect(staged.present).toBe(0);
    expect(readdirSync(folder.path)).toHaveLength(1);
  });

  it("lets one of many have a partial", async () => {
    leftover("partial", { pid: deadPid(), start: "1" });
    const all = await Promise.all(Array.from({ length: 8 }, () => createStagedFile(folder.path, { key })));
    expect(all.map(({ present }) => present).filter((present) => present > 0)).toEqual([7]);
    for (const staged of all) await staged.discard();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("is not led away by a link with a partial's name", async () => {
    writeFileSync(folder.join("secret"), "secret");
    const name = formatStagedName({ key, owner: { ...thisOwner(), pid: deadPid(), start: "1" } });
    symlinkSync(folder.join("secret"), folder.join(name));
    await using staged = await createStagedFile(folder.path, { key });
    expect(staged.present).toBe(0);
    writeSync(staged.fd, "other");
    expect(readFileSync(folder.join("secret"), "utf8")).toBe("secret");
  });

  it("touches no file that only looks a little like a partial", async () => {
    const names = [
      ".drayage-partial",
      ".drayage-partial.x.y",
      "drayage-partial...",
      `.drayage-partial.${key}`,
    ];
    for (const name of names) writeFileSync(folder.join(name), "");
    await (await createStagedFile(folder.path, { key })).discard();
    expect(readdirSync(folder.path).sort()).toEqual([...names].sort());
  });
});

describe("a staged file's name", () => {
  it("says its key and its owner", () => {
    const owner = thisOwner();
    expect(parseStagedName(formatStagedName({ key, owner }))).toEqual({ key, owner });
    expect(parseStagedName(formatStagedName({ key: "", owner }))).toEqual({ key: "", owner });
  });

  it("has no sign of the key that could leave the folder", () => {
    expect(stagedKey("../../sha256:abc")).toBe("______sha256_abc");
    expect(formatStagedName({ key: stagedKey("x".repeat(1000)), owner: thisOwner() }).length).toBeLessThan(
      256,
    );
  });
});

describe("writeFileAtomic", () => {
  it("replaces a file whole and leaves nothing beside it", async () => {
    writeFileSync(folder.join("file"), "before");
    await writeFileAtomic(folder.join("file"), new TextEncoder().encode("after"), { mode: 0o600 });
    expect(readFileSync(folder.join("file"), "utf8")).toBe("after");
    expect(statSync(folder.join("file")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(["file"]);
    expect(folder.openFiles()).toEqual([]);
  });

  it("keeps the old file where it cannot write", async () => {
    const error = await errorOf(writeFileAtomic(folder.join("missing", "file"), new Uint8Array(1)));
    expect(error.code).toBe("ERR_DRAYAGE_IO");
    writeFileSync(folder.join("file"), "before");
    const signal = AbortSignal.abort();
    const aborted = await errorOf(writeFileAtomic(folder.join("file"), new Uint8Array(1), { signal }));
    expect(aborted.code).toBe("ERR_DRAYAGE_ABORTED");
    expect(readFileSync(folder.join("file"), "utf8")).toBe("before");
    expect(readdirSync(folder.path)).toEqual(["file"]);
  });

  it("gives a new file the mode of the umask where none is said", async () => {
    await writeFileAtomic(folder.join("file"), new Uint8Array(1));
    const fd = openSync(folder.join("usual"), "w");
    closeSync(fd);
    expect(statSync(folder.join("file")).mode).toBe(statSync(folder.join("usual")).mode);
    chmodSync(folder.join("file"), 0o600);
  });
});

it.skipIf(!existsSync("/dev/full"))(
  "a full disk is told of by the folder, not by a name that nobody has asked for",
  async () => {
    const fd = openSync("/dev/full", "w");
    try {
      await using staged = await createStagedFile(folder.path);
      const writing = drain(bytesBlob(new Uint8Array(10)), {
        kind: "file",
        fd,
        path: staged.path,
        position: 0,
      });
      await expect(writing).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
        message: `cannot write ${JSON.stringify(folder.path)}: no space left on the device (ENOSPC)`,
      });
    } finally {
      closeSync(fd);
    }
  },
);
