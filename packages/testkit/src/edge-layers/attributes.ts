import { archive, block, entry, file, folder, pax, symlink, text, time } from "./archive.ts";
import { isFile, isFolder, isLink, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

const before1970 = { seconds: -86_400, nanoseconds: 0 };
const after2038 = { seconds: 5_000_000_000, nanoseconds: 0 };
const precise = { seconds: 1_600_000_000, nanoseconds: 987_654_321 };
const largestId = 0xfffffffe;
/** Version 2 of the kernel's format: cap_net_raw, permitted and effective. */
const capability = Uint8Array.of(1, 0, 0, 2, 0, 0x20, ...new Uint8Array(14));
const xattrs = new Map([
  ["user.text", text("value")],
  ["user.bytes", Uint8Array.of(0, 255, 10, 61, 0)],
]);

/** Modes, owners, times and extended attributes, as containers/storage sets them. */
export const attributeLayers: readonly EdgeLayer[] = [
  {
    name: "an entry for the root",
    below: [],
    tar: archive(entry({ name: "./", mode: 0o750, uid: 7, gid: 8, mtime: time }), file("./a")),
    expected: tree({ "": isFolder({ mode: 0o750, uid: 7, gid: 8 }), a: isFile("./a") }),
    go: { overlay: "ignores it" },
  },
  {
    name: "set-id and sticky bits, which setting the owner takes away",
    below: [],
    tar: archive(
      file("suid", "a", { mode: 0o4755, uid: 1, gid: 2 }),
      file("sgid", "b", { mode: 0o2711, uid: 1, gid: 2 }),
      folder("sticky", { mode: 0o7777, uid: 1, gid: 2 }),
    ),
    expected: tree({
      suid: isFile("a", { mode: 0o4755, uid: 1, gid: 2 }),
      sgid: isFile("b", { mode: 0o2711, uid: 1, gid: 2 }),
      sticky: isFolder({ mode: 0o7777, uid: 1, gid: 2 }),
    }),
  },
  {
    name: "a mode with the bits of the file's type",
    below: [],
    tar: archive(file("a", "a", { mode: 0o100604 }), folder("d", { mode: 0o040711 })),
    expected: tree({ a: isFile("a", { mode: 0o604 }), d: isFolder({ mode: 0o711 }) }),
  },
  {
    name: "folders that may not be written, before what is in them",
    below: [],
    tar: archive(
      folder("d", { mode: 0o555 }),
      folder("d/e", { mode: 0o111 }),
      file("d/e/a", "a", { mode: 0 }),
    ),
    expected: tree({
      d: isFolder({ mode: 0o555, mtime: time }),
      "d/e": isFolder({ mode: 0o111, mtime: time }),
      "d/e/a": isFile("a", { mode: 0 }),
    }),
  },
  {
    name: "owners beyond what ustar holds",
    below: [],
    tar: archive(
      file("pax", "a", { uid: largestId, gid: 0x80000000 }),
      file("gnu", "b", { uid: 0x80000000, gid: largestId, format: "gnu" }),
    ),
    expected: tree({
      pax: isFile("a", { uid: largestId, gid: 0x80000000 }),
      gnu: isFile("b", { uid: 0x80000000, gid: largestId }),
    }),
  },
  {
    name: "an owner that is none",
    below: [],
    tar: archive(file("a", "a", { uid: 0xffffffff })),
    expected: refused("a"),
    go: { overlay: "leaves the owner as it is", vfs: "as overlay" },
  },
  {
    name: "names of owners, which do not count",
    below: [],
    tar: archive(file("a", "a", { uid: 5, gid: 6, uname: "root", gname: "root" })),
    expected: tree({ a: isFile("a", { uid: 5, gid: 6 }) }),
  },
  {
    name: "times to the nanosecond",
    below: [],
    tar: archive(
      folder("d", { mtime: precise, format: "pax" }),
      file("d/a", "a", { mtime: precise, format: "pax" }),
      symlink("l", "d", { mtime: precise, format: "pax" }),
    ),
    expected: tree({
      d: isFolder({ mtime: precise }),
      "d/a": isFile("a", { mtime: precise }),
      l: isLink("d", { mtime: precise }),
    }),
  },
  {
    name: "times after 2038, and before 1970, which become 1970",
    below: [],
    tar: archive(file("late", "a", { mtime: after2038 }), file("early", "b", { mtime: before1970 })),
    expected: tree({
      late: isFile("a", { mtime: after2038 }),
      early: isFile("b", { mtime: { seconds: 0, nanoseconds: 0 } }),
    }),
  },
  {
    name: "a folder's time, before and after what is in it",
    below: [],
    tar: archive(
      folder("d", { mtime: { seconds: 1000, nanoseconds: 0 } }),
      file("d/a"),
      file("e/b"),
      folder("e", { mtime: { seconds: 2000, nanoseconds: 0 } }),
    ),
    expected: tree({
      d: isFolder({ mtime: { seconds: 1000, nanoseconds: 0 } }),
      "d/a": isFile("d/a"),
      e: isFolder({ mtime: { seconds: 2000, nanoseconds: 0 } }),
      "e/b": isFile("e/b"),
    }),
  },
  {
    name: "extended attributes of any bytes",
    below: [],
    tar: archive(file("a", "a", { xattrs }), folder("d", { xattrs })),
    expected: tree({ a: isFile("a", { xattrs }), d: isFolder({ xattrs }) }),
  },
  {
    name: "an extended attribute without a value, which is none",
    below: [],
    tar: archive(file("a", "a", { xattrs: new Map([["user.empty", new Uint8Array()]]) })),
    expected: tree({ a: isFile("a") }),
  },
  {
    name: "a capability, which setting the owner takes away",
    below: [],
    tar: archive(
      file("ping", "a", { mode: 0o755, uid: 1, xattrs: new Map([["security.capability", capability]]) }),
    ),
    expected: tree({
      ping: isFile("a", { mode: 0o755, uid: 1, xattrs: new Map([["security.capability", capability]]) }),
    }),
  },
  {
    name: "a label of SELinux, which is the machine's to give",
    below: [],
    tar: archive(
      file("a", "a", { xattrs: new Map([["security.selinux", text("system_u:object_r:bin_t:s0\0")]]) }),
    ),
    expected: tree({ a: isFile("a") }),
  },
  {
    name: "attributes of a file below, which do not come through",
    below: [archive(file("a", "old", { mode: 0o4755, uid: 9, xattrs }))],
    tar: archive(file("a", "new")),
    expected: tree({ a: isFile("new") }),
  },
  {
    name: "two PAX headers before one entry, of which the last counts",
    below: [],
    tar: archive(
      pax([
        ["uid", "5"],
        ["gid", "5"],
      ]),
      pax([["uid", "6"]]),
      block({ name: "a" }),
    ),
    expected: tree({ a: isFile("", { uid: 6 }) }),
  },
];
