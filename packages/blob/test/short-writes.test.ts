import { closeSync, openSync, readFileSync } from "node:fs";
import { digestBytes } from "@drayage/digest";
import { expect, it, vi } from "vitest";
import { bytesBlob, drain, fileBlob, openBlob, streamBlob } from "../src/index.ts";
import { collect, pieces, sampleBytes } from "./support/bytes.ts";
import { useFolder } from "./support/folder.ts";

// A system that takes and gives at most 1000 bytes at a time.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const most = (length: number): number => Math.min(length, 1000);
  return {
    ...fs,
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
      fs.writeSync(fd, bytes, offset, most(length), position),
    readSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
      fs.readSync(fd, bytes, offset, most(length), position),
  };
});

const folder = useFolder();

it("short reads and short writes lose no bytes", async () => {
  const bytes = sampleBytes(600_001);
  const digest = digestBytes(bytes);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(folder.join("source"), bytes);
  for (const blob of [
    bytesBlob(bytes, { digest }),
    fileBlob(folder.join("source"), { digest }),
    streamBlob(() => pieces(bytes, 77_777), { digest }),
  ]) {
    const path = folder.join("target");
    const fd = openSync(path, "w+");
    await drain(blob, { kind: "file", fd, path, position: 0 });
    closeSync(fd);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect((await collect(openBlob(blob))).length).toBe(bytes.length);
  }
});
