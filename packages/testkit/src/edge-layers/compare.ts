import type { EdgeFile, EdgeTree } from "./types.ts";

/** A file that was found. All is known of it, but what the place cannot keep. */
export interface FoundFile extends EdgeFile {
  /** Equal for names of the same file. */
  readonly identity?: string | undefined;
}

export type FoundTree = ReadonlyMap<string, FoundFile>;

/** What not every place can keep. */
export type EdgeConcern =
  | "owners"
  | "devices"
  | "xattrs"
  | "security-xattrs"
  | "times"
  | "root"
  | "same-files";

export interface CompareOptions {
  /** What is not looked at. */
  readonly ignore?: readonly EdgeConcern[] | undefined;
}

/** What is otherwise than expected, one line for each thing; nothing where all is well. */
export function edgeDifferences(
  found: FoundTree,
  expected: EdgeTree,
  options: CompareOptions = {},
): readonly string[] {
  const ignored = new Set(options.ignore);
  const lines: string[] = [];
  for (const [path, file] of expected) {
    if (path === "" && ignored.has("root")) continue;
    if (isDevice(file) && ignored.has("devices")) continue;
    const there = found.get(path);
    if (there === undefined) lines.push(`${quoted(path)} is missing`);
    else lines.push(...fileDifferences(there, file, ignored).map((line) => `${quoted(path)}: ${line}`));
    if (there !== undefined && file.sameAs !== undefined && !ignored.has("same-files")) {
      const other = found.get(file.sameAs);
      if (other?.identity !== there.identity)
        lines.push(`${quoted(path)} is another file than ${quoted(file.sameAs)}`);
    }
  }
  for (const [path, { kind }] of found) {
    if (path !== "" && !expected.has(path)) lines.push(`${quoted(path)} is there, a ${kind}`);
  }
  return lines;
}

function isDevice({ kind }: EdgeFile): boolean {
  return kind === "character" || kind === "block";
}

function fileDifferences(found: FoundFile, expected: EdgeFile, ignored: ReadonlySet<EdgeConcern>): string[] {
  if (found.kind !== expected.kind) return [`a ${found.kind}, where a ${expected.kind} is expected`];
  const lines: string[] = [];
  const check = (what: string, is: string | undefined, wanted: string | undefined): void => {
    if (wanted !== undefined && is !== wanted)
      lines.push(`${what} ${is ?? "unknown"}, where ${wanted} is expected`);
  };
  if (expected.kind !== "link") check("mode", found.mode?.toString(8), expected.mode?.toString(8));
  if (!ignored.has("owners")) {
    check("uid", found.uid?.toString(), expected.uid?.toString());
    check("gid", found.gid?.toString(), expected.gid?.toString());
  }
  if (!ignored.has("times")) check("mtime", timeText(found), timeText(expected));
  check("content", contentText(found.content), contentText(expected.content));
  check("target", found.target, expected.target);
  check("major", found.major?.toString(), expected.major?.toString());
  check("minor", found.minor?.toString(), expected.minor?.toString());
  if (expected.xattrs !== undefined && !ignored.has("xattrs")) {
    const without = ignored.has("security-xattrs") ? "security." : undefined;
    check("xattrs", xattrText(found.xattrs, without), xattrText(expected.xattrs, without));
  }
  return lines;
}

function timeText({ mtime }: EdgeFile): string | undefined {
  return mtime && `${mtime.seconds}.${String(mtime.nanoseconds).padStart(9, "0")}`;
}

const shownContent = 100;

function contentText(content: Uint8Array | undefined): string | undefined {
  if (content === undefined) return undefined;
  if (content.length <= shownContent) return JSON.stringify(latin(content));
  // Every byte counts, in numbers that are short: FNV-1a, and one with another factor.
  let [one, other] = [0x811c9dc5, 1];
  for (const byte of content) {
    one = Math.imul(one ^ byte, 0x01000193);
    other = (Math.imul(other, 257) + byte) | 0;
  }
  return `of ${content.length} bytes (${(one >>> 0).toString(16)}-${(other >>> 0).toString(16)})`;
}

function xattrText(xattrs: EdgeFile["xattrs"], without: string | undefined): string {
  const entries = [...(xattrs ?? [])].filter(([name]) => without === undefined || !name.startsWith(without));
  return entries
    .map(([name, value]) => `${name}=${JSON.stringify(latin(value))}`)
    .sort()
    .join(" ");
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function quoted(path: string): string {
  return path === "" ? "the root" : JSON.stringify(path);
}
