import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inflatedFile, readFileLimited, syncDirectory } from "../src/index.ts";
import { sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();

describe("readFileLimited", () => {
  it("reads a file of up to the limit and no more", async () => {
    const bytes = sampleBytes(10_000);
    writeFileSync(folder.join("file"), bytes);
    for (const limit of [10_000, 10_001, 4_000_000]) {
      expect(await readFileLimited(folder.join("file"), limit)).toEqual(bytes);
    }
    for (const limit of [9_999, 0]) {
      const error = await errorOf(readFileLimited(folder.join("file"), limit));
      expect(error.code).toBe("ERR_DRAYAGE_LIMIT_EXCEEDED");
      expect(error.message).toContain("10000 bytes");
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("reads an empty file", async () => {
    writeFileSync(folder.join("file"), "");
    expect(await readFileLimited(folder.join("file"), 0)).toEqual(new Uint8Array());
  });

  it.runIf(existsSync("/proc/self/status"))("reads files that say no size, within the limit", async () => {
    const text = new TextDecoder().decode(await readFileLimited("/proc/self/status", 100_000));
    expect(text).toMatch(/^Name:[\s\S]*\n$/);
    expect((await errorOf(readFileLimited("/proc/self/status", 100))).code).toBe(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
    );
  });

  it("refuses what is no file, without waiting", async () => {
    execFileSync("mkfifo", [folder.join("pipe")]);
    for (const path of [folder.path, folder.join("pipe"), "/dev/zero"]) {
      const error = await errorOf(readFileLimited(path, 10));
      expect(error.code).toBe("ERR_DRAYAGE_IO");
    }
    expect((await errorOf(readFileLimited(folder.join("missing"), 10))).message).toContain("no such file");
    expect(folder.openFiles()).toEqual([]);
  });
});

describe("syncDirectory", () => {
  it("takes a folder, and says when it is not there", async () => {
    await syncDirectory(folder.path);
    expect((await errorOf(syncDirectory(folder.join("missing")))).code).toBe("ERR_DRAYAGE_IO");
    expect(folder.openFiles()).toEqual([]);
  });
});

describe("inflatedFile", () => {
  const bytes = sampleBytes(600_000);

  it("gives a plain file as it is, and does not delete it", async () => {
    writeFileSync(folder.join("plain"), bytes);
    {
      await using file = await inflatedFile(folder.join("plain"), { temporaryDir: folder.join("missing") });
      expect(file).toMatchObject({ path: folder.join("plain"), temporary: false });
    }
    expect(existsSync(folder.join("plain"))).toBe(true);
    expect(folder.openFiles()).toEqual([]);
  });

  it("gives an inflated copy that only its owner can read, and deletes it", async () => {
    writeFileSync(folder.join("packed"), gzipSync(bytes));
    mkdirSync(folder.join("tmp"));
    {
      await using file = await inflatedFile(folder.join("packed"), { temporaryDir: folder.join("tmp") });
      expect(file.temporary).toBe(true);
      expect(readFileSync(file.path).equals(bytes)).toBe(true);
      expect(statSync(file.path).mode & 0o777).toBe(0o600);
    }
    expect(readdirSync(folder.join("tmp"))).toEqual([]);
    expect(folder.openFiles()).toEqual([]);
  });

  it("follows a symbolic link", async () => {
    writeFileSync(folder.join("plain"), bytes);
    symlinkSync("plain", folder.join("link"));
    await using file = await inflatedFile(folder.join("link"));
    expect(file.temporary).toBe(false);
  });

  it("copies what comes through a pipe, compressed or not", async () => {
    execFileSync("mkfifo", [folder.join("pipe")]);
    for (const content of [bytes, gzipSync(bytes)]) {
      writeFileSync(folder.join("content"), content);
      const feeder = spawn("sh", [
        "-c",
        'cat "$1" > "$2"',
        "sh",
        folder.join("content"),
        folder.join("pipe"),
      ]);
      const ended = new Promise((resolve) => feeder.on("exit", resolve));
      await using file = await inflatedFile(folder.join("pipe"), { temporaryDir: folder.path });
      await ended;
      expect(file.temporary).toBe(true);
      expect(readFileSync(file.path).equals(bytes)).toBe(true);
    }
  });

  it("leaves nothing behind where the file is damaged or the signal aborted", async () => {
    writeFileSync(folder.join("packed"), gzipSync(bytes).subarray(0, 5000));
    mkdirSync(folder.join("tmp"));
    const temporaryDir = folder.join("tmp");
    const damaged = await errorOf(inflatedFile(folder.join("packed"), { temporaryDir }));
    expect(damaged.code).toBe("ERR_DRAYAGE_COMPRESSION_INVALID");
    expect(damaged.message).toContain(JSON.stringify(folder.join("packed")));
    const signal = AbortSignal.abort();
    const aborted = await errorOf(inflatedFile(folder.join("packed"), { temporaryDir, signal }));
    expect(aborted.code).toBe("ERR_DRAYAGE_ABORTED");
    expect(readdirSync(folder.join("tmp"))).toEqual([]);
    expect((await errorOf(inflatedFile(folder.join("missing")))).code).toBe("ERR_DRAYAGE_IO");
    expect((await errorOf(inflatedFile(folder.path))).code).toBe("ERR_DRAYAGE_IO");
    expect(folder.openFiles()).toEqual([]);
  });
});
