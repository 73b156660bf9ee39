import { dirname } from "node:path";
import { type ByteWriter, createStagedFile, openByteWriter } from "@drayage/blob";
import {
  type ArchiveContents,
  type ArchiveOutput,
  type ArchiveStream,
  createFileOutput,
  createStreamOutput,
  emptyContents,
  openArchive,
  takeOver,
} from "@drayage/docker-tar";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { commitUnlessChanged } from "@drayage/file-lock";
import type { DockerReference } from "@drayage/reference";
import type { DestinationOptions } from "@drayage/transport";
import { findReplaced, type ReplacedImage } from "./replaced.ts";
import { type FileTarget, findTarget } from "./target.ts";

/** An archive that is being written. */
export interface BegunArchive {
  readonly output: ArchiveOutput;
  readonly contents: ArchiveContents;
  /** The image that gives way to the new one, where one does. */
  readonly replaced?: ReplacedImage | undefined;
}

/** Opens the output of an archive, after what is at the place has been looked at. */
export async function beginArchive(
  path: string,
  options: DestinationOptions,
  name?: DockerReference,
): Promise<BegunArchive> {
  throwIfAborted(options.signal);
  const target = await findTarget(path);
  if (target.kind === "file") return beginFile({ path, name }, target, options);
  const stream = await openByteWriter(path, { signal: options.signal });
  return {
    output: createStreamOutput(archiveStream(stream), {
      shown: JSON.stringify(path),
      temporaryDir: options.temporaryDir,
    }),
    contents: emptyContents(),
  };
}

/** What has been written to a pipe cannot be called back: its end is all that there is to say. */
function archiveStream(writer: ByteWriter): ArchiveStream {
  return {
    write: (bytes) => writer.write(bytes),
    end: () => writer.close(),
    abandon: () => writer.close(),
  };
}

async function beginFile(
  { path, name }: { readonly path: string; readonly name: DockerReference | undefined },
  target: FileTarget,
  options: DestinationOptions,
): Promise<BegunArchive> {
  const { existing } = target;
  const isFilled = existing !== undefined && existing.size > 0;
  if (isFilled && options.append !== true) throw exists(path);
  // Others may never write to it, whatever the umask: as skopeo has it.
  const file = await createStagedFile(dirname(target.path), { mode: 0o644 });
  const commit = async (): Promise<void> => {
    // An empty file has been made beforehand, maybe by mktemp, for the sake of its permissions.
    const mode = existing && existing.mode & 0o7777;
    const label = `docker-archive:${path}`;
    await commitUnlessChanged(file, target.path, { before: existing, label, mode, signal: options.signal });
  };
  try {
    if (!isFilled) return { output: createFileOutput(file, { start: 0, commit }), contents: emptyContents() };
    await using archive = await openArchive(target.path, {
      ...options,
      shown: `docker-archive:${target.path}`,
    });
    const replaced = options.replace === true ? await findReplaced(archive, name, options.signal) : undefined;
    if (replaced?.isAlone === true)
      return { output: createFileOutput(file, { start: 0, commit }), contents: emptyContents(), replaced };
    if (archive.copied) throw compressed(path);
    const { contents, end } = await takeOver(archive, file, options.signal);
    return { output: createFileOutput(file, { start: end, commit }), contents, replaced };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function exists(path: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DESTINATION_EXISTS",
    `docker-archive:${path}: docker-archive doesn't support modifying existing images`,
    { hint: "choose another file, or add the image to those in it (append, or dray copy --dest-append)" },
  );
}

function compressed(path: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DESTINATION_REFUSED",
    `cannot add to docker-archive:${path}: it is compressed`,
    {
      hint: "decompress the archive first",
    },
  );
}
