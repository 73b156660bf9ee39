import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createHasher } from "@drayage/digest";
import { requireSys } from "@drayage/sys";
import { buildahStore, describeWithPeers } from "@drayage-internal/peers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AddToRootfsOptions, addToRootfs, packSources } from "../src/index.ts";

/** Long ago, so that what is made now can be told. */
const past = new Date("2020-03-04T05:06:07.800Z");

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(join(full, ".."), { recursive: true });
    if (path.endsWith("/")) mkdirSync(full, { recursive: true });
    else if (content.startsWith("->")) symlinkSync(content.slice(2), full);
    else writeFileSync(full, content);
  }
}

/** Everything gets a time of the past, the deepest first. */
function age(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (lstatSync(path).isDirectory()) age(path);
    else if (!lstatSync(path).isSymbolicLink()) utimesSync(path, past, past);
  }
  utimesSync(folder, past, past);
}

/** All of a tree but the times of what was made now. */
function listing(root: string, since: number): readonly string[] {
  const sys = requireSys("compare attributes");
  const inodes = new Map<number, string>();
  const lines: string[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder)).sort()) {
      const path = `${folder}/${name}`;
      const full = join(root, path);
      const stats = lstatSync(full);
      const first = stats.isFile() && stats.nlink > 1 ? (inodes.get(stats.ino) ?? path) : path;
      inodes.set(stats.ino, first);
      const time = stats.mtimeMs >= since - 2000 ? "now" : String(stats.mtimeMs);
      const content = stats.isFile()
        ? readFileSync(full, "latin1")
        : stats.isSymbolicLink()
          ? readlinkSync(full)
          : "";
      const xattrs = sys
        .listXattrs(full)
        .map(
          (raw) =>
            `${Buffer.from(raw).toString()}=${Buffer.from(sys.getXattr(full, raw) ?? []).toString("hex")}`,
        )
        .sort();
      lines.push(
        [
          path,
          stats.mode.toString(8),
          stats.uid,
          stats.gid,
          time,
          stats.rdev,
          first,
          content,
          ...xattrs,
        ].join(" "),
      );
      if (stats.isDirectory()) visit(path);
    }
  };
  visit("");
  return lines;
}

interface Case {
  readonly name: string;
  readonly context?: Readonly<Record<string, string>>;
  /** More of the context. */
  readonly prepare?: (context: string) => void;
  readonly rootfs?: Readonly<Record<string, string>>;
  readonly prepareRootfs?: (rootfs: string) => void;
  readonly verb?: "add" | "copy";
  /** `@` stands for the context. */
  readonly sources: readonly string[];
  readonly destination: string;
  readonly flags?: readonly string[];
  readonly options?: AddToRootfsOptions;
  /** Whether the context is given, so that nothing leaves it. */
  readonly confined?: boolean;
  readonly ignore?: string;
  readonly fails?: boolean;
}

const usual = {
  "file.txt": "hello",
  "other.md": "# other",
  "empty/": "",
  "tree/a": "A",
  "tree/b.sh": "#!/bin/sh\n",
  "tree/link": "->a",
  "tree/absolute": "->/tree/a",
  "tree/dangling": "->nowhere",
  "tree/sub/deep/x": "x".repeat(5000),
  "tree/sub/y": "",
};
const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1234:4321::/home/app:/bin/sh\nbad:x:1\n";
const group = "root:x:0:\nstaff:x:50:app\n";

function tarOf(context: string, name: string, args: readonly string[]): void {
  execFileSync("tar", ["-C", context, "-cf", join(context, name), ...args]);
}

/** `--chown` with names of the container. */
const chownCases: readonly Case[] = [
  ["a name", "app"],
  ["names", "app:staff"],
  ["a group alone", ":staff"],
  ["a number and a name", "77:staff"],
  ["an unknown user", "nobody-here", true],
  ["an unknown group", "app:nobody-here", true],
].map(([name, owner, fails = false]) => ({
  name: `--chown with ${name}`,
  sources: ["@/tree"],
  destination: "/n/t",
  rootfs: { "etc/passwd": passwd, "etc/group": group },
  flags: ["--chown", String(owner)],
  fails: fails === true,
}));

/** Archives of the same in several forms. */
const archiveCases: readonly Case[] = [
  ["bzip2", "-j"],
  ["xz", "-J"],
  ["zstd", "--zstd"],
  ["ustar", "--format=ustar"],
  ["V7", "--format=v7"],
].map(([name, flag = ""]) => ({
  name: `an archive, ${name}`,
  verb: "add",
  prepare: (root) => tarOf(root, "x", [flag, "tree"]),
  sources: ["@/x"],
  destination: "/x/",
}));

const cases: readonly Case[] = [
  ...chownCases,
  ...archiveCases,
  {
    name: "names that remove something in a layer",
    context: { "t/.wh.etc": "mark", "t/.wh..wh..opq": "", "t/f": "F" },
    rootfs: { "x/etc": "stays" },
    sources: ["@/t"],
    destination: "/x",
  },
  { name: "a file to a new name", sources: ["@/file.txt"], destination: "/new" },
  { name: "a file to a new name in folders that are made", sources: ["@/file.txt"], destination: "/a/b/c" },
  { name: "a file to a folder by its slash", sources: ["@/file.txt"], destination: "/dir/" },
  {
    name: "a file to a folder that is there",
    sources: ["@/file.txt"],
    destination: "/etc",
    rootfs: { "etc/x": "" },
  },
  {
    name: "a file over a file",
    sources: ["@/file.txt"],
    destination: "/f",
    rootfs: { f: "older and longer" },
  },
  {
    name: "a file over one of many names",
    sources: ["@/file.txt"],
    destination: "/f",
    rootfs: { f: "1" },
    prepareRootfs: (root) => linkSync(join(root, "f"), join(root, "g")),
  },
  {
    name: "a file by a link to a folder",
    sources: ["@/file.txt"],
    destination: "/lib",
    rootfs: { "usr/lib/": "", lib: "->usr/lib" },
  },
  {
    name: "a file through an absolute link in the middle",
    sources: ["@/file.txt"],
    destination: "/lib/x/y",
    rootfs: { "usr/lib/": "", lib: "->/usr/lib" },
  },
  {
    name: "a file through a link that leaves the root",
    sources: ["@/file.txt"],
    destination: "/out/f",
    rootfs: { out: "->../../../../opt", "opt/": "" },
  },
  {
    name: "a file over a link to a file",
    sources: ["@/file.txt"],
    destination: "/l",
    rootfs: { l: "->target", target: "t" },
  },
  {
    name: "a file to a link that leads nowhere",
    sources: ["@/file.txt"],
    destination: "/l",
    rootfs: { l: "->nowhere/at/all" },
  },
  { name: "a file, relative to /", sources: ["@/file.txt"], destination: "x/y" },
  { name: "a file, no destination", sources: ["@/file.txt"], destination: "" },
  { name: "a file to the root", sources: ["@/file.txt"], destination: "/" },
  { name: "a file, through dots", sources: ["@/file.txt"], destination: "/a/../b/./c" },
  { name: "an empty folder", sources: ["@/empty"], destination: "/e" },
  { name: "a folder's content", sources: ["@/tree"], destination: "/t" },
  {
    name: "a folder's content over what is there",
    sources: ["@/tree"],
    destination: "/t",
    rootfs: { "t/a": "old", "t/keep": "k", "t/sub/z": "z" },
  },
  { name: "a folder's content to the root", sources: ["@/tree"], destination: "/" },
  {
    name: "a folder in the place of a file in the destination",
    sources: ["@/tree"],
    destination: "/t",
    rootfs: { "t/sub": "a file" },
  },
  {
    name: "a file in the place of a folder in the destination",
    sources: ["@/tree"],
    destination: "/t",
    rootfs: { "t/a/b/c": "deep" },
  },
  {
    name: "a folder in the place of a link in the destination",
    sources: ["@/tree"],
    destination: "/t",
    rootfs: { "t/sub": "->/etc", "etc/x": "" },
  },
  {
    name: "a file in the place of a link in the destination",
    sources: ["@/tree"],
    destination: "/t",
    rootfs: { "t/a": "->/etc/x", "etc/x": "x" },
  },
  { name: "a folder to a file", sources: ["@/tree"], destination: "/f", rootfs: { f: "" }, fails: true },
  { name: "several sources", sources: ["@/file.txt", "@/tree", "@/other.md"], destination: "/m" },
  {
    name: "several sources to a file",
    sources: ["@/file.txt", "@/other.md"],
    destination: "/f",
    rootfs: { f: "" },
    fails: true,
  },
  {
    name: "two folders that share names",
    context: { ...usual, "more/a": "again", "more/sub/y": "longer", "more/sub/q": "q" },
    sources: ["@/tree", "@/more"],
    destination: "/m/",
  },
  {
    name: "two folders, a file over a folder",
    context: { ...usual, "more/sub": "a file now" },
    sources: ["@/tree", "@/more"],
    destination: "/m/",
  },
  {
    name: "two folders, a folder over a file",
    context: { ...usual, "more/a/b": "deeper" },
    sources: ["@/tree", "@/more"],
    destination: "/m/",
  },
  { name: "a pattern", sources: ["@/*.txt"], destination: "/p/" },
  { name: "a pattern that matches folders and files", sources: ["@/*e*"], destination: "/p/" },
  { name: "a pattern in a folder's place", sources: ["@/*/sub"], destination: "/p/" },
  { name: "a pattern of a class", sources: ["@/[e-o]*.[a-z][dx]*"], destination: "/p/" },
  { name: "a pattern that matches nothing", sources: ["@/*.none"], destination: "/p/", fails: true },
  {
    name: "a pattern that matches nothing beside a file",
    sources: ["@/file.txt", "@/*.none"],
    destination: "/p/",
  },
  { name: "a malformed pattern", sources: ["@/[a"], destination: "/p/", fails: true },
  { name: "a source that is not there", sources: ["@/nothing"], destination: "/p", fails: true },
  { name: "a link to a file", sources: ["@/tree/link"], destination: "/p/" },
  { name: "a link to a folder", context: { ...usual, lf: "->tree" }, sources: ["@/lf"], destination: "/p/" },
  { name: "a link that leads nowhere", sources: ["@/tree/dangling"], destination: "/p/", fails: true },
  {
    name: "hard links",
    prepare: (root) => {
      linkSync(join(root, "tree/a"), join(root, "tree/sub/a2"));
      linkSync(join(root, "tree/a"), join(root, "tree/zz"));
    },
    sources: ["@/tree"],
    destination: "/t",
  },
  {
    name: "hard links of which the first is replaced",
    context: { ...usual, "more/a": "new" },
    prepare: (root) => linkSync(join(root, "tree/a"), join(root, "tree/zz")),
    sources: ["@/tree", "@/more"],
    destination: "/t/",
  },
  {
    name: "modes and owners",
    prepare: (root) => {
      chownSync(join(root, "tree/a"), 1000, 1001);
      chmodSync(join(root, "tree/a"), 0o6751);
      chmodSync(join(root, "tree/sub"), 0o1733);
      chmodSync(join(root, "tree/b.sh"), 0);
    },
    sources: ["@/tree"],
    destination: "/t",
  },
  {
    name: "a pipe and a device",
    prepare: (root) => {
      execFileSync("mkfifo", [join(root, "tree/pipe")]);
      execFileSync("mknod", [join(root, "tree/null"), "c", "1", "3"]);
    },
    sources: ["@/tree"],
    destination: "/t",
  },
  {
    name: "attributes",
    prepare: (root) => {
      const sys = requireSys("test");
      sys.setXattr(join(root, "tree/a"), "user.one", Buffer.from("1"));
      sys.setXattr(join(root, "tree/a"), "trusted.no", Buffer.from("1"));
      sys.setXattr(join(root, "tree/sub"), "user.two", Buffer.from([0, 255]));
      sys.setXattr(
        join(root, "tree/b.sh"),
        "security.capability",
        Buffer.from("0000000200200000000000000000000000000000", "hex"),
      );
    },
    sources: ["@/tree"],
    destination: "/t",
  },
  { name: "--chown with numbers", sources: ["@/tree"], destination: "/n/t", flags: ["--chown", "12:34"] },
  {
    name: "--chown with one number",
    sources: ["@/tree"],
    destination: "/n/t",
    flags: ["--chown", "12"],
    options: { chown: "12" },
  },
  {
    name: "--chown with a name and nothing behind the colon",
    sources: ["@/file.txt"],
    destination: "/n/t",
    rootfs: { "etc/passwd": passwd },
    flags: ["--chown", "app:"],
  },
  {
    name: "--chown without passwd",
    sources: ["@/file.txt"],
    destination: "/n",
    flags: ["--chown", "root"],
    fails: true,
  },
  {
    name: "--chown with passwd behind a link",
    sources: ["@/file.txt"],
    destination: "/n",
    rootfs: { "etc/passwd": "->/private/passwd", "private/passwd": passwd },
    flags: ["--chown", "app"],
  },
  { name: "--chmod", sources: ["@/tree"], destination: "/n/t", flags: ["--chmod", "4751"] },
  { name: "--chmod of one file", sources: ["@/file.txt"], destination: "/n/t", flags: ["--chmod", "0600"] },
  {
    name: "--chmod that is no mode",
    sources: ["@/file.txt"],
    destination: "/n",
    flags: ["--chmod", "u+x"],
    fails: true,
  },
  {
    name: "an archive, expanded",
    verb: "add",
    prepare: (root) => tarOf(root, "x.tar", ["tree", "file.txt"]),
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "an archive, copied",
    verb: "copy",
    prepare: (root) => tarOf(root, "x.tar", ["tree"]),
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "an archive with an entry for its own folder",
    verb: "add",
    prepare: (root) => {
      tarOf(root, "x.tar", ["--mode=0711", "--owner=7:7", "--group=8:8", "--exclude=x.tar", "."]);
    },
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "an archive, gzip, under another name",
    verb: "add",
    prepare: (root) => tarOf(root, "x.txt", ["-z", "tree"]),
    sources: ["@/x.txt"],
    destination: "/x/",
  },
  {
    name: "an archive in PAX, with times and attributes",
    verb: "add",
    prepare: (root) => {
      requireSys("test").setXattr(join(root, "tree/a"), "user.one", Buffer.from("1"));
      tarOf(root, "x.tar", ["--format=posix", "--xattrs", "tree"]);
    },
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "an archive with a global header",
    verb: "add",
    prepare: (root) =>
      tarOf(root, "x.tar", [
        "--format=posix",
        "--pax-option=globexthdr.name=pax_global_header,comment=hello",
        "tree",
      ]),
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "an archive with long names",
    verb: "add",
    context: { [`tree/${"n".repeat(120)}/${"m".repeat(120)}`]: "long" },
    prepare: (root) => tarOf(root, "x.tar", ["tree"]),
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "an archive with names that lead up",
    verb: "add",
    prepare: (root) => tarOf(root, "x.tar", ["-P", "--transform=s,^tree,../../up,", "tree"]),
    sources: ["@/x.tar"],
    destination: "/x/y",
  },
  {
    name: "an archive with absolute names",
    verb: "add",
    prepare: (root) => tarOf(root, "x.tar", ["-P", "--transform=s,^tree,/abs,", "tree"]),
    sources: ["@/x.tar"],
    destination: "/x/y",
  },
  {
    name: "an archive without its folders",
    verb: "add",
    prepare: (root) => tarOf(root, "x.tar", ["tree/sub/deep/x"]),
    sources: ["@/x.tar"],
    destination: "/x",
    flags: ["--chown", "5:6"],
  },
  {
    name: "an archive beside a file and a folder",
    verb: "add",
    prepare: (root) => tarOf(root, "x.tar", ["tree/a"]),
    sources: ["@/x.tar", "@/file.txt", "@/empty"],
    destination: "/x/",
  },
  {
    name: "an archive in a folder stays one",
    verb: "add",
    prepare: (root) => tarOf(root, "tree/x.tar", ["file.txt"]),
    sources: ["@/tree"],
    destination: "/x",
  },
  {
    name: "an archive of nothing stays a file",
    verb: "add",
    prepare: (root) => writeFileSync(join(root, "x.tar"), new Uint8Array(1024)),
    sources: ["@/x.tar"],
    destination: "/x",
  },
  {
    name: "what is compressed but no archive stays a file",
    verb: "add",
    prepare: (root) => writeFileSync(join(root, "x.gz"), gzipSync("text")),
    sources: ["@/x.gz"],
    destination: "/x",
  },
  {
    name: "an archive to a file",
    verb: "add",
    prepare: (root) => tarOf(root, "x.tar", ["tree"]),
    rootfs: { f: "" },
    sources: ["@/x.tar"],
    destination: "/f",
    fails: true,
  },
  {
    name: "an archive that is cut off",
    verb: "add",
    prepare: (root) => {
      tarOf(root, "x.tar", ["tree"]);
      const bytes = readFileSync(join(root, "x.tar"));
      writeFileSync(join(root, "x.tar"), bytes.subarray(0, 5 * 512 + 100));
    },
    sources: ["@/x.tar"],
    destination: "/x",
    fails: true,
  },
  {
    name: "confined: an absolute link is one of the context",
    confined: true,
    context: { ...usual, l: "->/tree" },
    sources: ["@/l"],
    destination: "/x",
  },
  {
    name: "confined: a link that leads up stays below",
    confined: true,
    context: { ...usual, l: "->../../../../tree/a" },
    sources: ["@/l"],
    destination: "/x/",
  },
  {
    name: "confined: a link to /etc/passwd",
    confined: true,
    context: { ...usual, l: "->/etc/passwd" },
    sources: ["@/l"],
    destination: "/x/",
    fails: true,
  },
  {
    name: "confined: a folder of a link to /etc",
    confined: true,
    context: { ...usual, l: "->/etc" },
    sources: ["@/l/passwd"],
    destination: "/x/",
    fails: true,
  },
  {
    name: "confined: a pattern through a link to /etc",
    confined: true,
    context: { ...usual, l: "->/etc" },
    sources: ["@/l/pass*"],
    destination: "/x/",
    fails: true,
  },
  {
    name: "confined: names of the context's own passwd",
    confined: true,
    context: { ...usual, "etc/passwd": "strange:x:0:0::/:/\n", "etc/group": "odd:x:0:\n" },
    sources: ["@/tree"],
    destination: "/x/",
  },
  { name: "confined: the whole context", confined: true, sources: ["@"], destination: "/x/" },
  {
    name: "confined: .dockerignore",
    confined: true,
    context: { ...usual, ".dockerignore": "*.md\ntree/sub\n" },
    sources: ["@"],
    destination: "/x/",
  },
  {
    name: "confined: .containerignore goes first",
    confined: true,
    context: { ...usual, ".dockerignore": "*.md\n", ".containerignore": "tree\n" },
    sources: ["@"],
    destination: "/x/",
  },
  {
    name: "confined: an exception",
    confined: true,
    context: { ...usual, ".dockerignore": "tree\n!tree/sub/y\n" },
    sources: ["@"],
    destination: "/x/",
    flags: ["--chown", "3:4"],
  },
  {
    name: "confined: all is excluded",
    confined: true,
    context: { ...usual, ".dockerignore": "file.txt\n" },
    sources: ["@/file.txt"],
    destination: "/x/",
    fails: true,
  },
  {
    name: "confined: --ignorefile",
    confined: true,
    ignore: "tree/*\n!tree/a\n",
    sources: ["@/tree"],
    destination: "/x/",
  },
];

describeWithPeers("what is added is what buildah adds", ["buildah", "root"], () => {
  let base: string;
  let run: (args: readonly string[]) => Promise<{ readonly status: number; readonly output: string }>;
  let container: string;
  let theirs: string;

  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), "drayage-"));
    const store = buildahStore(base);
    run = async (args) => {
      try {
        const { stdout } = await store.buildah(args);
        return { status: 0, output: stdout.trim() };
      } catch (error) {
        return { status: 1, output: String(error) };
      }
    };
    container = (await run(["from", "scratch"])).output;
    theirs = (await run(["mount", container])).output;
  }, 60_000);

  afterAll(async () => {
    await run(["umount", container]);
    await run(["rm", "--all"]);
    rmSync(base, { recursive: true, force: true });
  });

  function clear(folder: string): void {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }

  async function compare(given: Case): Promise<void> {
    const context = mkdtempSync(join(base, "context-"));
    const mine = mkdtempSync(join(base, "mine-"));
    chmodSync(mine, 0o755);
    clear(theirs);
    put(context, given.context ?? usual);
    age(context);
    given.prepare?.(context);
    for (const root of [mine, theirs]) {
      put(root, given.rootfs ?? {});
      age(root);
      given.prepareRootfs?.(root);
    }
    const since = Date.now();
    const ignoreFile = join(base, "ignore");
    if (given.ignore !== undefined) writeFileSync(ignoreFile, given.ignore);
    const sources = given.sources.map((source) => source.replace(/^@/, context));
    const { verb = "copy", flags = [], confined = false } = given;
    const confinement = confined ? ["--contextdir", context] : [];
    const ignoring = given.ignore === undefined ? [] : ["--ignorefile", ignoreFile];
    const expected = await run([
      verb,
      ...confinement,
      ...ignoring,
      ...flags,
      container,
      ...sources,
      given.destination,
    ]);
    const options: AddToRootfsOptions = {
      ...(confined && { contextDir: context }),
      ...(given.ignore !== undefined && { ignoreFile }),
      ...(flags[0] === "--chown" && { chown: flags[1] }),
      ...(flags[0] === "--chmod" && { chmod: flags[1] }),
      expandArchives: verb === "add",
      ...given.options,
    };
    const adding = addToRootfs(mine, sources, given.destination, options);
    if (given.fails === true) {
      await expect(adding).rejects.toThrow();
      expect(expected.status).toBe(1);
      return;
    }
    const { digest } = await adding;
    expect(expected, expected.output).toMatchObject({ status: 0 });
    expect(listing(mine, since)).toEqual(listing(theirs, since));
    expect(digest).toBe(`sha256:${expected.output}`);
  }

  for (const one of cases) it(one.name, () => compare(one), 30_000);

  it("random trees", async () => {
    const name = fc.constantFrom("a", "b", "c.js", "ä", "z z", ".hidden", "long".repeat(40));
    const file = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
      kind: fc.constantFrom("file", "folder", "link", "hard link"),
      content: fc.string({ maxLength: 2000 }),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      owner: fc.constantFrom(0, 1, 33, 1000, 65534, 3_000_000),
    });
    const property = fc.asyncProperty(
      fc.array(file, { minLength: 1, maxLength: 15 }),
      fc.array(file, { maxLength: 6 }),
      fc.boolean(),
      async (files, others, confined) => {
        const make = (root: string, list: typeof files): void => {
          const made: string[] = [];
          for (const { path, kind, content, mode, owner } of list) {
            const full = join(root, path);
            try {
              mkdirSync(join(full, ".."), { recursive: true });
              if (kind === "folder") mkdirSync(full);
              else if (kind === "link") symlinkSync(content.replaceAll("\0", "") || "x", full);
              else if (kind === "hard link") linkSync(made[0] ?? full, full);
              else writeFileSync(full, content, { flag: "wx" });
            } catch {
              // Something else has the name.
              continue;
            }
            if (kind === "file") made.push(full);
            if (kind === "link") continue;
            chownSync(full, owner, owner);
            chmodSync(full, mode);
          }
        };
        await compare({
          name: "random",
          context: { "one/": "", "two/": "", "file.txt": "file" },
          prepare(root) {
            make(join(root, "one"), files);
            make(join(root, "two"), others);
          },
          confined,
          sources: ["@/one", "@/two", "@/file.txt"],
          destination: "/x",
        });
      },
    );
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
  }, 120_000);

  it.each([
    [["tree"], "/srv/app"],
    [["tree", "file.txt"], "/m"],
    [["file.txt"], "/a/b"],
    [["empty"], "/e"],
    [["marks"], "/m"],
  ])(
    "the layer of %j in %j is the one that buildah commits",
    async (names, destination) => {
      const context = mkdtempSync(join(base, "context-"));
      put(context, { ...usual, "marks/.wh.etc": "mark" });
      linkSync(join(context, "tree/a"), join(context, "tree/zz"));
      chmodSync(join(context, "tree/sub"), 0o1711);
      const sources = names.map((name) => join(context, name));
      const { output: scratch } = await run(["from", "scratch"]);
      await run(["copy", scratch, ...sources, destination]);
      const layout = join(context, "layout");
      const committed = await run([
        "commit",
        "--timestamp",
        "0",
        "--disable-compression",
        scratch,
        `oci:${layout}:x`,
      ]);
      expect(committed, committed.output).toMatchObject({ status: 0 });
      const json = (
        digest: string,
      ): {
        readonly config?: { readonly digest: string };
        readonly rootfs?: { readonly diff_ids: string[] };
      } => JSON.parse(readFileSync(join(layout, "blobs/sha256", digest.slice(7)), "utf8"));
      const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
      const expected = json(json(index.manifests[0].digest).config?.digest ?? "").rootfs?.diff_ids;
      await using packed = await packSources(sources, destination, { timestamp: new Date(0) });
      const hasher = createHasher();
      for await (const chunk of packed.tar({ dialect: "1.43", ownerNames: false })) hasher.update(chunk);
      expect([hasher.digest()]).toEqual(expected);
    },
    30_000,
  );

  it("URLs", async () => {
    const server: Server = createServer((request, response) => {
      const path = request.url ?? "";
      if (path.startsWith("/moved")) response.writeHead(302, { location: "/final%20name.txt" }).end();
      else if (path.startsWith("/chunked")) {
        response.writeHead(200, { "transfer-encoding": "chunked" });
        response.write("in ");
        response.end("chunks");
      } else if (path.startsWith("/missing")) response.writeHead(404).end("no");
      else {
        response.writeHead(200, { "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT", "content-length": 5 });
        response.end("hello");
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const rootfs = { "etc/x": "", f: "old" };
      const one = { name: "URL", rootfs, verb: "add" as const };
      await compare({ ...one, sources: [`${at}/a/name.txt`], destination: "/dir/" });
      await compare({ ...one, sources: [`${at}/a/na%20me.txt?query=1`], destination: "/dir/" });
      await compare({ ...one, sources: [`${at}/name.txt`], destination: "/etc" });
      await compare({ ...one, sources: [`${at}/name.txt`], destination: "/new" });
      await compare({ ...one, sources: [`${at}/name.txt`], destination: "/f", flags: ["--chown", "5:6"] });
      await compare({ ...one, sources: [`${at}/moved`], destination: "/dir/", flags: ["--chmod", "755"] });
      await compare({ ...one, sources: [`${at}/chunked`], destination: "/dir/" });
      await compare({ ...one, sources: [`${at}/name.txt`, "@/file.txt", "@/tree"], destination: "/dir/" });
      await compare({ ...one, sources: [`${at}/missing`], destination: "/dir/", fails: true });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }, 60_000);

  it("ignore files", async () => {
    const files = Object.fromEntries(
      [
        "a",
        "ab",
        "a.js",
        "b/a",
        "b/c/a.js",
        "b/c/d/e",
        "b/x.md",
        "c d",
        "*star",
        "[x]",
        "é/ü.js",
        ".git/config",
        "n/m/o",
      ].map((path) => [path, path]),
    );
    const lists = [
      "a",
      "/a",
      "a/",
      "./a",
      "b/",
      "b/c",
      "*/a",
      "*",
      "**",
      "**/a",
      "**/*.js",
      "*.js",
      "b/**",
      "b/*",
      "b/**/e",
      "**/c/**",
      "b/../a",
      "?",
      "a?",
      "[a-b]",
      "[^a]*",
      "\\*star",
      "\\[x\\]",
      "c d",
      "  a  ",
      "#a",
      "# a\na",
      "a\n!a",
      "b\n!b/c",
      "!b/c\nb",
      "*\n!b",
      "b/*\n!b/x.md\n",
      "**\n!a",
      "é",
      "é/?.js",
      ".git",
      ".*",
      "b/c/d/e/",
      "b//c",
      "\n\n\na",
      "*.js\n!a.js\na.js",
      "b\n!b/c\nb/c/d",
      "n\n!n/m/o",
    ];
    const malformed = ["[", "a[", "!", "[]a]", "[a-]", "\\"];
    for (const ignore of [...lists, ...malformed]) {
      await compare({
        name: ignore,
        context: files,
        ignore,
        confined: true,
        sources: ["@"],
        destination: "/x/",
        fails: malformed.includes(ignore),
      });
    }
  }, 120_000);
});
