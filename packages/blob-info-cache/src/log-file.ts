import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { writeFileAtomic } from "@drayage/blob";
import { errnoOf } from "@drayage/errors";

/** What the file begins with. Files of later versions are left alone. */
const header = '{"drayage":"blob info cache","version":1}\n';
/** Enough to know any header by. */
const headLength = header.length + 16;
const anyHeader = /^\{"drayage":"blob info cache","version":[0-9]{1,9}\}\n/;

/** What stands at a path. */
export type LogState = "ours" | "absent" | "damaged" | "newer";

const { O_RDONLY, O_WRONLY, O_APPEND, O_NONBLOCK } = constants;

/** The file's text, as bytes. Throws system errors. */
export async function readLog(path: string, largest: number): Promise<{ state: LogState; bytes: Buffer }> {
  return withLog(path, largest, (file) => file.readFile());
}

/** What stands at a path, without reading more than its beginning. Throws system errors. */
export async function stateOfLog(path: string, largest: number): Promise<LogState> {
  const { state } = await withLog(path, largest, async (file) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
    return buffer.subarray(0, bytesRead);
  });
  return state;
}

async function withLog(
  path: string,
  largest: number,
  read: (file: FileHandle) => Promise<Buffer>,
): Promise<{ state: LogState; bytes: Buffer }> {
  const nothing = Buffer.alloc(0);
  const file = await openLog(path, O_RDONLY);
  if (file === undefined) return { state: "absent", bytes: nothing };
  try {
    const { size } = await regular(file);
    if (size > largest) return { state: "damaged", bytes: nothing };
    const bytes = await read(file);
    return { state: stateOf(bytes), bytes };
  } finally {
    await file.close();
  }
}

/** Puts lines at the file's end in one write, and gives its size then; undefined where the file is not there. */
export async function appendLines(path: string, lines: readonly string[]): Promise<number | undefined> {
  const file = await openLog(path, O_WRONLY | O_APPEND);
  if (file === undefined) return undefined;
  try {
    await regular(file);
    // A line that somebody could not write to its end stays a line by itself.
    const bytes = Buffer.from(`\n${lines.join("\n")}\n`);
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) throw new Error(`${path} took ${bytesWritten} bytes of ${bytes.length}`);
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Puts a file with these lines, and no others, in the place of what is there. To be called by one process at a time. */
export async function replaceLog(path: string, lines: readonly string[]): Promise<void> {
  const text = header + lines.map((line) => `${line}\n`).join("");
  await writeFileAtomic(path, new TextEncoder().encode(text), { mode: 0o600 });
}

async function openLog(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    // A pipe would not be waited for.
    return await open(path, flags | O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function regular(file: FileHandle): Promise<Stats> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error("the cache is no file");
  return stats;
}

function stateOf(bytes: Buffer): LogState {
  const head = bytes.toString("latin1", 0, headLength);
  if (head.startsWith(header)) return "ours";
  return anyHeader.test(head) ? "newer" : "damaged";
}
