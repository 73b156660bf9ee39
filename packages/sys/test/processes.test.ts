import { closeSync, readSync, writeSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadSys } from "../src/index.ts";

const sys = loadSys();

describe.skipIf(sys === undefined)("processes", () => {
  it("a pipe gives what was written to it, and ends when it is closed", () => {
    const [read, write] = sys?.pipe() ?? [-1, -1];
    writeSync(write, "text");
    closeSync(write);
    const bytes = Buffer.alloc(10);
    expect(bytes.subarray(0, readSync(read, bytes)).toString()).toBe("text");
    expect(readSync(read, bytes)).toBe(0);
    closeSync(read);
  });

  it("a mount that is none is an error with its path", () => {
    expect(() => sys?.mount({ source: "none", target: "/no/such/folder", type: "tmpfs", flags: 0 })).toThrow(
      expect.objectContaining({ syscall: "mount" }),
    );
  });
});
