import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { acquireFileLock, requireSys } from "../src/index.ts";
import { useFolder } from "./support/folder.ts";

const sys = requireSys("test");
const at = useFolder();

describe("a lock of an open file", () => {
  it("is seen by other open files of the same process, and ends when the file is closed", () => {
    const first = openSync(at("lock"), "w+");
    const second = openSync(at("lock"), "r+");
    expect(sys.tryLock(first, "write")).toBe(true);
    expect(sys.tryLock(second, "read")).toBe(false);
    expect(sys.isLocked(second, "read")).toBe(true);
    expect(sys.isLocked(first, "write")).toBe(false);
    // The holder is an open file, not a process.
    expect(sys.lockHolder(second, "read")).toBe(undefined);
    closeSync(first);
    expect(sys.isLocked(second, "read")).toBe(false);
    expect(sys.tryLock(second, "read")).toBe(true);
    closeSync(second);
  });

  it("for reading keeps out writers only, and can be given back", () => {
    const [first, second] = [openSync(at("lock"), "w+"), openSync(at("lock"), "r+")];
    expect(sys.tryLock(first, "read")).toBe(true);
    expect(sys.tryLock(second, "read")).toBe(true);
    expect(sys.tryLock(second, "write")).toBe(false);
    sys.unlock(first);
    expect(sys.tryLock(second, "write")).toBe(true);
    closeSync(first);
    closeSync(second);
  });

  it("for writing needs a file that can be written", () => {
    writeFileSync(at("lock"), "");
    const fd = openSync(at("lock"), "r");
    expect(() => sys.tryLock(fd, "write")).toThrow(
      expect.objectContaining({ code: "EBADF", syscall: "fcntl" }),
    );
    closeSync(fd);
  });
});

describe("acquireFileLock", () => {
  it("makes the file with mode 0644, and gives it open for reading and writing", async () => {
    const before = sys.umask(0o22);
    await using lock = await acquireFileLock(at("lock"), "write");
    sys.umask(before);
    expect(statSync(at("lock")).mode & 0o7777).toBe(0o644);
    expect({ path: lock.path, kind: lock.kind, held: lock.held }).toEqual({
      path: at("lock"),
      kind: "write",
      held: true,
    });
    expect(writeSync(lock.fd, "token", 0)).toBe(5);
    expect(readFileSync(at("lock"), "utf8")).toBe("token");
  });

  it("is given back once, at the end of the scope or before", async () => {
    const lock = await acquireFileLock(at("lock"), "write");
    const { fd } = lock;
    lock.release();
    expect(() => fstatSync(fd)).toThrow(expect.objectContaining({ code: "EBADF" }));
    const next = await acquireFileLock(at("lock"), "write", { patience: 1000 });
    // It must not close the number that another file has now.
    lock.release();
    await lock[Symbol.asyncDispose]();
    expect(fstatSync(next.fd).isFile()).toBe(true);
    next.release();
  });

  it("is one writer's, or any number of readers', in the order in which they asked", async () => {
    const kinds = ["write", "read", "read", "write", "read", "write", "read", "read"] as const;
    const order: number[] = [];
    let inside: string[] = [];
    const seen = new Set<string>();
    await Promise.all(
      kinds.map(async (kind, index) => {
        await using _lock = await acquireFileLock(at("lock"), kind);
        order.push(index);
        inside.push(kind);
        seen.add(inside.join());
        await delay(3);
        inside = inside.filter((_, position) => position !== inside.indexOf(kind));
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...seen].sort()).toEqual(["read", "read,read", "write"]);
  });

  it("waits for another open file without blocking anything", async () => {
    const other = openSync(at("lock"), "w+");
    sys.tryLock(other, "write");
    const waiting = Array.from({ length: 8 }, () => acquireFileLock(at("lock"), "read"));
    // None of these would come to an end.
    for (let turn = 0; turn < 20; turn++) await delay(1);
    await Promise.all(Array.from({ length: 8 }, () => stat(at("lock"))));
    closeSync(other);
    const locks = await Promise.all(waiting);
    expect(locks.map(({ held }) => held)).toEqual(Array(8).fill(true));
    for (const lock of locks) lock.release();
  });

  it("that takes too long ends with ERR_DRAYAGE_LOCKED, and lets others go on", async () => {
    const other = openSync(at("lock"), "w+");
    sys.tryLock(other, "read");
    await expect(acquireFileLock(at("lock"), "write", { patience: 30 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LOCKED",
      message: `${JSON.stringify(at("lock"))} is locked by another process, since 0.03 seconds`,
      retryable: true,
    });
    closeSync(other);
    await using _held = await acquireFileLock(at("lock"), "write");
    await expect(acquireFileLock(at("lock"), "read", { patience: 30 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LOCKED",
      message: `${JSON.stringify(at("lock"))} is locked by other work of this process, since 0.03 seconds`,
    });
  });

  it("ends with ERR_DRAYAGE_ABORTED when its signal is aborted: before, in the queue, and while it asks", async () => {
    const aborted = { code: "ERR_DRAYAGE_ABORTED", cause: "enough" };
    const lock = (signal: AbortSignal) => acquireFileLock(at("lock"), "write", { signal });
    await expect(lock(AbortSignal.abort("enough"))).rejects.toMatchObject(aborted);

    const other = openSync(at("lock"), "w+");
    sys.tryLock(other, "write");
    const [first, second] = [new AbortController(), new AbortController()];
    const asks = lock(first.signal);
    const queues = lock(second.signal);
    const last = acquireFileLock(at("lock"), "write");
    second.abort("enough");
    await expect(queues).rejects.toMatchObject(aborted);
    first.abort("enough");
    await expect(asks).rejects.toMatchObject(aborted);
    closeSync(other);
    (await last).release();
  });

  it("on a file that was removed meanwhile takes the one that is there now", async () => {
    const old = openSync(at("lock"), "w+");
    sys.tryLock(old, "write");
    const waiting = acquireFileLock(at("lock"), "write");
    unlinkSync(at("lock"));
    writeFileSync(at("lock"), "new");
    closeSync(old);
    await using lock = await waiting;
    expect(readFileSync(lock.fd, "utf8")).toBe("new");
  });

  it("for reading alone opens the file for reading, and refuses to write", async () => {
    await using lock = await acquireFileLock(at("lock"), "read", { readOnly: true });
    expect(() => writeSync(lock.fd, "token")).toThrow(expect.objectContaining({ code: "EBADF" }));
    await expect(acquireFileLock(at("lock"), "write", { readOnly: true })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });

  it("without following links is not taken through one, and makes nothing where it leads", async () => {
    symlinkSync(at("elsewhere"), at("link"));
    await expect(acquireFileLock(at("link"), "write", { followLinks: false })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
    });
    expect(existsSync(at("elsewhere"))).toBe(false);
    await using lock = await acquireFileLock(at("link"), "write");
    expect([lock.held, existsSync(at("elsewhere"))]).toEqual([true, true]);
  });

  it("in a folder that is not there says so", async () => {
    await expect(acquireFileLock(at("missing", "lock"), "write")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: `cannot lock ${JSON.stringify(at("missing", "lock"))}: no such file or directory (ENOENT)`,
    });
  });
});
