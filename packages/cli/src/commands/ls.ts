import { sanitizeText } from "@drayage/errors";
import { type FileEntry, type ImageFiles, openImageFiles } from "@drayage/image-files";
import type { DrayContext } from "../context.ts";
import { openImagePath } from "../image-layers.ts";
import { longLines } from "../output/file-lines.ts";
import type { LsFlags } from "./ls.command.ts";

/** How many lines are made at a time: columns are aligned among these. */
const batch = 500;

/** `dray ls` */
export async function ls(this: DrayContext, flags: LsFlags, text: string): Promise<void> {
  const { opened: image, path = "/" } = await openImagePath(this, flags, { text, what: "ls" });
  await using opened = image;
  await using files = openImageFiles(opened.source, opened.layers, {
    signal: this.signal,
    temporaryDir: flags.tmpdir,
  });
  const folder = flags.recursive ? undefined : (await files.stat(path))?.path;
  let entries: FileEntry[] = [];
  const print = async (): Promise<void> => {
    this.process.stdout.write(lines(entries, flags, folder).join(""));
    await this.process.stdout.drained?.();
    entries = [];
  };
  for await (const entry of listed(files, path, flags.recursive ?? false)) {
    entries.push(entry);
    if (entries.length >= batch && (flags.recursive || flags.json)) await print();
  }
  await print();
}

async function* listed(
  files: ImageFiles,
  path: string,
  recursive: boolean,
): AsyncGenerator<FileEntry, void, undefined> {
  if (recursive) yield* files.walk(path);
  else yield* await files.list(path);
}

function lines(entries: readonly FileEntry[], flags: LsFlags, folder: string | undefined): readonly string[] {
  if (flags.json) return entries.map((entry) => `${JSON.stringify(record(entry))}\n`);
  const named = entries.map((entry) => ({ entry, name: nameIn(entry.path, folder) }));
  const text = flags.long ? longLines(named) : named.map(({ name }) => sanitizeText(name));
  return text.map((line) => `${line}\n`);
}

/** The name of what is in the folder that is listed; the path where all that is below is listed, or one file. */
function nameIn(path: string, folder: string | undefined): string {
  if (folder === undefined || folder === path) return path;
  return path.slice(path.lastIndexOf("/") + 1);
}

function record({ path, rawPath, xattrs, layer, mode, mtime, ...rest }: FileEntry): object {
  const isText = Buffer.from(path, "utf8").equals(rawPath);
  return {
    path,
    ...(isText ? {} : { rawPath: Buffer.from(rawPath).toString("base64") }),
    ...rest,
    mode: mode.toString(8).padStart(4, "0"),
    mtime: mtime.seconds + mtime.nanoseconds / 1e9,
    xattrs: Object.fromEntries(
      [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
    ),
    layer: layer?.digest,
  };
}
