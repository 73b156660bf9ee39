import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import {
  createStagedFile,
  drain,
  openByteReader,
  type PipeOptions,
  streamBlob,
  temporaryFolder,
} from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { standardInput } from "./reference.ts";

/** A file whose bytes can be read at any time. Disposing of it deletes it where it is a copy. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string;
  /** When its bytes were changed last, in nanoseconds since 1970. */
  readonly time: bigint;
}

export interface LocalFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where the copy of what can be read only once goes. */
  readonly temporaryDir?: string | undefined;
  readonly standardInput: OpenBytes;
}

/** Opens bytes that can be read once. Those of a signal that is aborted end at once. */
export type OpenBytes = (
  options: PipeOptions,
) => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;

/** The file itself, or a copy of what can be read only once: standard input, a pipe, a device. */
export async function localFile(file: string, options: LocalFileOptions): Promise<LocalFile> {
  if (file === standardInput) {
    const time = BigInt(Date.now()) * 1_000_000n;
    return copied(options.standardInput, { ...options, what: "standard input", time });
  }
  const what = JSON.stringify(file);
  const stats = await statOf(file);
  const time = stats.mtimeNs;
  if (stats.isFile()) return { path: file, time, [Symbol.asyncDispose]: async () => undefined };
  if (stats.isDirectory()) {
    throw new DrayageError(
      "ERR_DRAYAGE_IO",
      `cannot read ${what}: it is a directory, where a tar archive is needed`,
      {
        hint: "pack it first, with tar -C DIRECTORY -cf FILE .",
      },
    );
  }
  return copied((open) => openByteReader(file, open), { ...options, what, time });
}

async function statOf(file: string): Promise<BigIntStats> {
  try {
    return await stat(file, { bigint: true });
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "read", { path: file });
    const message = `there is no file ${JSON.stringify(file)}`;
    const hint =
      file.includes("\\") || file.includes(":")
        ? undefined
        : "a colon stands between files; in a file's name it is written \\:";
    throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", message, { hint, cause: error });
  }
}

async function copied(
  open: OpenBytes,
  options: LocalFileOptions & { readonly what: string; readonly time: bigint },
): Promise<LocalFile> {
  const { what, time, signal, temporaryDir } = options;
  const copy = await createStagedFile(await temporaryFolder(temporaryDir), { mode: 0o600 });
  try {
    await drain(streamBlob(open, { what }), copy.sink, { signal });
  } catch (error) {
    await copy.discard();
    throw error;
  }
  return { path: copy.path, time, [Symbol.asyncDispose]: () => copy.discard() };
}
