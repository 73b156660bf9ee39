import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { devNull } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFlags, requireSys, workingFolder } from "../src/index.ts";
import { useFolder } from "./support/folder.ts";
import { named, whyNoDevices } from "./support/machine.ts";

const sys = requireSys("test");
const at = useFolder();
let folder: number;
beforeEach(() => {
  folder = openSync(at(), constants.O_DIRECTORY);
});
afterEach(() => closeSync(folder));

function read(fd: number): string {
  try {
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

describe("files in an open folder", () => {
  it("are made, linked, renamed and removed", () => {
    sys.mkdirAt(folder, "inner", 0o700);
    expect(lstatSync(at("inner")).mode).toBe(constants.S_IFDIR | 0o700);
    const fd = sys.openAt(
      folder,
      "inner/file",
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY,
      0o640,
    );
    writeFileSync(fd, "text");
    closeSync(fd);
    const inner = sys.openAt(folder, "inner", constants.O_DIRECTORY);
    sys.linkAt(inner, "file", folder, "second");
    expect(lstatSync(at("second")).ino).toBe(lstatSync(at("inner", "file")).ino);
    sys.renameAt(inner, "file", folder, "third");
    sys.unlinkAt(folder, "second");
    closeSync(inner);
    sys.unlinkAt(folder, "inner", { folder: true });
    expect(readdirSync(at())).toEqual(["third"]);
    expect(readFileSync(at("third"), "utf8")).toBe("text");
  });

  it("may have names that are no UTF-8", () => {
    const name = Uint8Array.of(0xff, 0x66, 0xfe);
    const target = Uint8Array.of(0x80, 0x2f, 0xc3);
    sys.mkdirAt(folder, name, 0o755);
    sys.symlinkAt(target, folder, Uint8Array.of(0xe9));
    expect(
      readdirSync(at(), { encoding: "buffer" })
        .sort(Buffer.compare)
        .map((one) => one.toString("hex")),
    ).toEqual(["e9", "ff66fe"]);
    expect(sys.readlinkAt(folder, Uint8Array.of(0xe9))).toEqual(target);
    const inner = sys.openAt(folder, name, constants.O_DIRECTORY);
    sys.renameAt(folder, Uint8Array.of(0xe9), inner, Uint8Array.of(0xe8));
    expect(sys.readlinkAt(inner, Uint8Array.of(0xe8))).toEqual(target);
    closeSync(inner);
  });

  it("may have names of any script, and of any length that the kernel takes", () => {
    const long = "ö".repeat(127);
    sys.mkdirAt(folder, long, 0o755);
    sys.symlinkAt("€".repeat(1365), folder, "link");
    expect(readdirSync(at())).toEqual(["link", long].sort());
    expect(readlinkSync(at("link"))).toBe("€".repeat(1365));
    expect(new TextDecoder().decode(sys.readlinkAt(folder, "link"))).toBe("€".repeat(1365));
    const tooLong = expect.objectContaining({ code: "ENAMETOOLONG" });
    expect(() => sys.symlinkAt("€".repeat(1366), folder, "longer")).toThrow(tooLong);
    expect(() => sys.mkdirAt(folder, "x".repeat(256), 0o755)).toThrow(tooLong);
    expect(() => sys.mkdirAt(folder, "x".repeat(100_000), 0o755)).toThrow(tooLong);
    expect(() => sys.mkdirAt(folder, new Uint8Array(100_000).fill(120), 0o755)).toThrow(tooLong);
  });

  it("have no names with a zero in it", () => {
    for (const name of ["a\0b", Uint8Array.of(97, 0, 98)]) {
      expect(() => sys.mkdirAt(folder, name, 0o755)).toThrow(expect.objectContaining({ code: "EINVAL" }));
    }
    expect(readdirSync(at())).toEqual([]);
  });

  it("are opened such that children do not inherit them", () => {
    const fd = sys.openAt(folder, ".", constants.O_RDONLY);
    const inRoot = sys.openInRoot(folder, ".", constants.O_RDONLY);
    for (const one of [fd, inRoot]) {
      expect(readFileSync(`/proc/self/fdinfo/${one}`, "utf8")).toMatch(/^flags:\s+0?2\d{6}$/m);
      closeSync(one);
    }
  });

  it("are not overwritten where that is not wanted, and can be exchanged", () => {
    writeFileSync(at("a"), "a");
    writeFileSync(at("b"), "b");
    expect(() => sys.renameAt(folder, "a", folder, "b", "no-replace")).toThrow(
      expect.objectContaining({ code: "EEXIST", path: "a", dest: "b" }),
    );
    sys.renameAt(folder, "a", folder, "b", "exchange");
    expect([readFileSync(at("a"), "utf8"), readFileSync(at("b"), "utf8")]).toEqual(["b", "a"]);
    sys.renameAt(folder, "a", folder, "c", "no-replace");
    sys.renameAt(folder, "c", folder, "b");
    expect(readdirSync(at())).toEqual(["b"]);
    expect(readFileSync(at("b"), "utf8")).toBe("b");
  });

  it("may be without a name first", () => {
    const fd = sys.openAt(folder, ".", openFlags.temporary | constants.O_RDWR, 0o600);
    writeFileSync(fd, "text");
    expect(readdirSync(at())).toEqual([]);
    expect(fstatSync(fd)).toMatchObject({ nlink: 0, size: 4 });
    closeSync(fd);
  });

  it("have times to the nanosecond, links too", () => {
    writeFileSync(at("file"), "");
    symlinkSync("file", at("link"));
    const atime = { seconds: 1_234_567_890, nanoseconds: 987_654_321 };
    sys.utimesAt(folder, "link", atime, { seconds: -2, nanoseconds: 999_999_999 });
    sys.utimesAt(folder, "file", { seconds: 0, nanoseconds: 1 }, { seconds: 6_000_000_000, nanoseconds: 5 });
    const [link, file] = [at("link"), at("file")].map((path) => lstatSync(path, { bigint: true }));
    expect([link?.atimeNs, link?.mtimeNs]).toEqual([1_234_567_890_987_654_321n, -1_000_000_001n]);
    expect([file?.atimeNs, file?.mtimeNs]).toEqual([1n, 6_000_000_000_000_000_005n]);
    // The kernel takes some such numbers for "now" and "as it is".
    for (const nanoseconds of [1_000_000_000, 0x3fffffff, 0x3ffffffe, -1, 0.5, Number.NaN]) {
      expect(() => sys.utimesAt(folder, "file", atime, { seconds: 0, nanoseconds })).toThrow(
        expect.objectContaining({ code: "EINVAL" }),
      );
    }
  });

  it("have modes and owners, links their own", () => {
    writeFileSync(at("file"), "");
    symlinkSync("file", at("link"));
    sys.chmodAt(folder, "file", 0o6751);
    expect(lstatSync(at("file")).mode & 0o7777).toBe(0o6751);
    const { uid, gid } = lstatSync(at("file"));
    sys.chownAt(folder, "link", uid, gid);
    // A file's suid bit would be gone.
    expect(lstatSync(at("file")).mode & 0o7777).toBe(0o6751);
    // The kernel takes this for "as it is", and cuts what is larger.
    for (const id of [0xffffffff, 2 ** 32, -1, 0.5]) {
      expect(() => sys.chownAt(folder, "file", id, gid)).toThrow(expect.objectContaining({ code: "EINVAL" }));
      expect(() => sys.chownAt(folder, "file", uid, id)).toThrow(expect.objectContaining({ code: "EINVAL" }));
    }
  });

  it.skipIf(process.getuid?.() !== 0)("have any owner [where this is root]", () => {
    writeFileSync(at("file"), "");
    symlinkSync("file", at("link"));
    sys.chownAt(folder, "link", 0xfffffffe, 70_000);
    expect(lstatSync(at("link"))).toMatchObject({ uid: 0xfffffffe, gid: 70_000 });
    expect(lstatSync(at("file"))).toMatchObject({ uid: 0, gid: lstatSync(at()).gid });
  });

  it("may be whiteouts and pipes", () => {
    sys.mknodAt(folder, "pipe", constants.S_IFIFO | 0o600);
    sys.mknodAt(folder, "whiteout", constants.S_IFCHR);
    expect(lstatSync(at("pipe")).mode).toBe(constants.S_IFIFO | 0o600);
    expect(lstatSync(at("whiteout"))).toMatchObject({ mode: constants.S_IFCHR, rdev: 0 });
  });

  it.skipIf(whyNoDevices !== undefined)(named("may be devices of any number", whyNoDevices), () => {
    sys.mknodAt(folder, "null", constants.S_IFCHR | 0o600, { major: 1, minor: 3 });
    expect(lstatSync(at("null")).rdev).toBe(lstatSync(devNull).rdev);
    sys.mknodAt(folder, "block", constants.S_IFBLK | 0o600, { major: 0xfff, minor: 0xfffff });
    expect(lstatSync(at("block")).mode).toBe(constants.S_IFBLK | 0o600);
    expect(BigInt(lstatSync(at("block")).rdev)).toBe(0xfffff_fffn);
  });

  it("are devices of no number that the kernel would cut", () => {
    for (const device of [
      { major: 0x1000, minor: 0 },
      { major: 0, minor: 0x100000 },
      { major: -1, minor: 0 },
    ]) {
      expect(() => sys.mknodAt(folder, "device", constants.S_IFCHR, device)).toThrow(
        expect.objectContaining({ code: "EINVAL", syscall: "mknodat" }),
      );
    }
    expect(existsSync(at("device"))).toBe(false);
  });
});

describe("a path in a root", () => {
  beforeEach(() => {
    mkdirSync(at("root", "etc"), { recursive: true });
    writeFileSync(at("root", "etc", "file"), "inside");
    mkdirSync(at("etc"));
    writeFileSync(at("etc", "file"), "outside");
  });

  it("cannot be left: not by dots, not by links, not by /proc", () => {
    symlinkSync("/etc/file", at("root", "absolute"));
    symlinkSync("../../../etc/file", at("root", "relative"));
    symlinkSync("/..", at("root", "up"));
    const root = sys.openAt(folder, "root", constants.O_DIRECTORY | openFlags.path);
    for (const path of [
      "absolute",
      "relative",
      "/etc/file",
      "../../etc/file",
      "up/../etc/file",
      "etc/../etc/file",
    ]) {
      expect(read(sys.openInRoot(root, path, constants.O_RDONLY)), path).toBe("inside");
    }
    closeSync(root);
    const slash = openSync("/", constants.O_DIRECTORY);
    expect(() => sys.openInRoot(slash, `/proc/self/fd/${folder}/etc/file`, constants.O_RDONLY)).toThrow(
      expect.objectContaining({ code: "ELOOP", syscall: "openat2" }),
    );
    closeSync(slash);
  });

  it("may be made", () => {
    const root = sys.openAt(folder, "root", constants.O_DIRECTORY);
    symlinkSync("/etc", at("root", "link"));
    const before = sys.umask(0);
    const fd = sys.openInRoot(
      root,
      "link/new",
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY,
      0o604,
    );
    expect(sys.umask(before)).toBe(0);
    writeFileSync(fd, "new");
    closeSync(fd);
    closeSync(root);
    expect(readFileSync(at("root", "etc", "new"), "utf8")).toBe("new");
    expect(lstatSync(at("root", "etc", "new")).mode & 0o7777).toBe(0o604);
  });
});

describe("what fails", () => {
  it("throws as Node's own fs does", () => {
    const wanted = {
      code: "EEXIST",
      errno: -17,
      syscall: "mkdirat",
      path: at(),
      message: `EEXIST: file already exists, mkdirat '${at()}'`,
    };
    expect(() => sys.mkdirAt(workingFolder, at(), 0o755)).toThrow(expect.objectContaining(wanted));
    expect(() => sys.linkAt(folder, "a", folder, new TextEncoder().encode("b"))).toThrow(
      expect.objectContaining({
        code: "ENOENT",
        errno: -2,
        message: "ENOENT: no such file or directory, linkat 'a' -> 'b'",
      }),
    );
    expect(() => sys.openAt(-1, "a", constants.O_RDONLY)).toThrow(expect.objectContaining({ code: "EBADF" }));
  });
});
