import { closeSync, constants, copyFileSync, unlinkSync } from "node:fs";
import { errnoOf, ioError } from "@drayage/errors";
import { openForReading, readAtSync } from "./file-range.ts";
import { originSize } from "./large.ts";
import { chunkSize, createPace } from "./pace.ts";
import type { DrainResult, FileSink } from "./sink.ts";
import { resultOf } from "./stages.ts";
import type { DrainTask, Run } from "./task.ts";

/** Smaller files are copied as fast as they are cloned. */
const leastSize = 256 * 1024;

/**
 * A whole file becomes a clone (a reflink, as btrfs, XFS and APFS have them): no byte is moved. What is hashed are the
 * bytes of the clone, so that nobody can change them between the two. Undefined where the file system has no clones.
 */
export async function prepareClone(task: DrainTask): Promise<Run | undefined> {
  const { blob, sink, stages, skip } = task;
  const { origin } = blob;
  if (origin.kind !== "file" || origin.whole !== true) return undefined;
  if (sink.kind !== "file" || sink.whole !== true || sink.position !== 0) return undefined;
  if (skip > 0 || stages.transforms.length > 0 || (originSize(origin) ?? 0) < leastSize) return undefined;
  if (!canClone(origin.path, sink)) return undefined;
  return () => cloneAndVerify(task, origin.path, sink);
}

/**
 * Tries it beside the sink: a failed clone deletes the file that it was to fill. That a clone is made twice costs
 * nothing.
 */
function canClone(path: string, sink: FileSink): boolean {
  const probe = `${sink.path}.clone`;
  try {
    // No pipe, and nothing that would be waited for.
    closeSync(openForReading(path).fd);
    copyFileSync(path, probe, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    unlinkSync(probe);
    return true;
  } catch {
    return false;
  }
}

async function cloneAndVerify(task: DrainTask, path: string, sink: FileSink): Promise<DrainResult> {
  try {
    copyFileSync(path, sink.path, constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    throw errnoOf(error) === undefined ? error : ioError(error, "clone", { path });
  }
  await hashFile(task, sink);
  return resultOf(task.stages);
}

/** Has the only meter see the sink's bytes. */
export async function hashFile(
  { stages, counter, interrupt }: DrainTask,
  { fd, path }: Pick<FileSink, "fd" | "path">,
): Promise<void> {
  const buffer = new Uint8Array(chunkSize);
  const pace = createPace();
  for (let position = 0; ; ) {
    const count = readAtSync(fd, buffer, position, path);
    if (count === 0) return;
    stages.meters[0]?.update(buffer.subarray(0, count));
    position += count;
    counter.add(count);
    const turn = pace.took(count);
    if (turn !== undefined) await turn;
    interrupt.throwIfAborted();
  }
}
