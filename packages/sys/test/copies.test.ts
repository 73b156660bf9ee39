import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { requireSys } from "../src/index.ts";
import { useFolder } from "./support/folder.ts";

const sys = requireSys("test");
const at = useFolder();

describe("copies within the kernel", () => {
  it("go on where the files stand, and end with the source", () => {
    writeFileSync(at("from"), "0123456789");
    const [from, to] = [openSync(at("from"), "r"), openSync(at("to"), "w")];
    expect(sys.copyRange(from, to, 4)).toBe(4);
    expect(readFileSync(at("to"), "utf8")).toBe("0123");
    expect(sys.copyRange(from, to, 100)).toBe(6);
    expect(sys.copyRange(from, to, 100)).toBe(0);
    closeSync(from);
    closeSync(to);
    expect(readFileSync(at("to"), "utf8")).toBe("0123456789");
  });

  it("need a source that can be read", () => {
    const fd = openSync(at("file"), "w");
    expect(() => sys.copyRange(fd, fd, 1)).toThrow(
      expect.objectContaining({ code: "EBADF", syscall: "copy_file_range" }),
    );
    closeSync(fd);
  });

  it("share blocks, or say that this file system cannot", () => {
    writeFileSync(at("from"), "0123456789");
    const [from, to] = [openSync(at("from"), "r"), openSync(at("to"), "w")];
    try {
      sys.cloneFile(from, to);
      expect(readFileSync(at("to"), "utf8")).toBe("0123456789");
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOTSUP", errno: -95, syscall: "ioctl" });
    } finally {
      closeSync(from);
      closeSync(to);
    }
  });

  it("are written to the disk with all of the file system", () => {
    const fd = openSync(at("file"), "w");
    sys.syncFileSystem(fd);
    closeSync(fd);
    expect(() => sys.syncFileSystem(fd)).toThrow(
      expect.objectContaining({ code: "EBADF", syscall: "syncfs" }),
    );
  });
});
