import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { streamBlob } from "@drayage/blob";
import { type PackedSources, packSources, type RootView } from "@drayage/build-context";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import type { CommitOptions } from "../builder.ts";
import type { CommitFacts } from "./commit-facts.ts";
import { type MergedLayer, type MergedLayerOptions, mergedTars } from "./merged-layer.ts";

export type AddedFiles = NonNullable<CommitOptions["addFiles"]>;

export interface AddedFilesOptions extends Omit<MergedLayerOptions, "times" | "what"> {
  readonly facts: CommitFacts;
  /** What the image has where a file is to go: for links, and for the modes and owners of the folders that lead there. */
  rootFor(destination: string): RootView;
}

/** Whether there is anything to add. */
export function hasFiles(files: AddedFiles | undefined): files is AddedFiles {
  return files !== undefined && Object.keys(files).length > 0;
}

/**
 * The layer of files of this machine that an image gets besides, whatever the container has: buildah's `--add-file`. They are root's, have
 * the mode 644 and the image's time. Nothing of this machine is read but what was named. Disposed of, its temporary files go.
 *
 * @throws `ERR_DRAYAGE_USAGE` for what is no regular file, or a destination that is none, `ERR_DRAYAGE_FILE_NOT_FOUND`, and what `packSources`
 * throws
 */
export async function addedFilesLayer(
  files: AddedFiles,
  { facts, rootFor, ...options }: AddedFilesOptions,
): Promise<MergedLayer> {
  const { signal } = options;
  const packed: PackedSources[] = [];
  try {
    for (const [written, source] of Object.entries(files)) {
      const destination = destinationOf(written, source);
      await requireFile(source);
      packed.push(
        await packSources([literally(source)], destination, {
          chown: "0:0",
          chmod: "0644",
          timestamp: new Date(facts.created),
          root: packed.reduce((root, one) => one.addedTo(root), rootFor(destination)),
          signal,
        }),
      );
    }
    const tars = packed.map((one) =>
      streamBlob(({ signal: asked }) => one.tar({ signal: asked, xattrs: false, contentDigest: false }), {
        what: `the file for ${one.destination}`,
      }),
    );
    return await mergedTars(tars, { ...options, times: facts.times, what: "the files that are added" });
  } finally {
    for (const one of packed) await one[Symbol.asyncDispose]();
  }
}

/** Where a file goes: absolute, and with the file's own name where a folder is named. */
function destinationOf(written: string, source: string): string {
  const shown = JSON.stringify(written);
  if (written === "" || written.includes("\0")) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(source)} cannot be added as ${shown}`, {
      hint: "name the path that the file gets in the image",
    });
  }
  if (!posix.isAbsolute(written) && /^\.\.(?:\/|$)/.test(posix.normalize(written))) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${JSON.stringify(source)} cannot be added as ${shown}, which leads out of the image`,
      { hint: `name the path that the file gets in the image: ${source}:/${posix.basename(source)}` },
    );
  }
  const path = posix.normalize(`/${written}`);
  return path.endsWith("/") ? `${path}${posix.basename(source)}` : path;
}

/** Links are followed; anything but a file is refused before it is opened, as it may never end. */
async function requireFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "look for the file to add", { path });
    throw new DrayageError("ERR_DRAYAGE_FILE_NOT_FOUND", `there is no file ${JSON.stringify(path)} to add`, {
      hint: "relative paths start in the current folder",
      cause: error,
    });
  }
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `${JSON.stringify(path)} cannot be added: it is not a regular file`,
    { hint: "folders are added with copy, before the commit" },
  );
}

/** A path that stands for itself, though sources may be patterns or URLs. */
function literally(path: string): string {
  const local = posix.isAbsolute(path) ? path : `./${path}`;
  return local.replaceAll(/[*?[\]\\]/g, "\\$&");
}
