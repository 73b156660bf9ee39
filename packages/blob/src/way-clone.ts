import { closeSync, constants, copyFileSync, fstatSync, statSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { openForReading, readAtSync } from "./file-range.ts";
import { thisOwner } from "./owner.ts";
import { chunkSize, createPace } from "./pace.ts";
import type { DrainResult, FileSink } from "./sink.ts";
import { formatStagedName } from "./staged-name.ts";
import { resultOf } from "./stages.ts";
import type { DrainTask, Run } from "./task.ts";

/** Smaller files are copied as fast as they are cloned. */
const leastSize = 256 * 1024;

/**
 * A whole file becomes a link, where the sink wants one, or a clone (a reflink, as btrfs, XFS and APFS have them): no
 * byte is moved. What is hashed are the bytes of the result, so that nobody can change them between the two. Undefined
 * where the file system has neither.
 */
export async function prepareClone(task: DrainTask): Promise<Run | undefined> {
  const { blob, sink, stages, skip } = task;
  const { origin } = blob;
  if (origin.kind !== "file" || origin.whole !== true || sink.kind !== "file") return undefined;
  if (skip > 0 || stages.transforms.length > 0) return undefined;
  const linked = sink.link?.(origin.path);
  if (linked !== undefined) return () => verify(task, { fd: linked, path: origin.path });
  if (sink.whole !== true || sink.position !== 0 || origin.length < leastSize) return undefined;
  if (!canClone(origin.path, sink)) return undefined;
  return () => cloneAndVerify(task, origin.path, sink);
}

/** Pairs of file systems between which no clone could be made. */
const without = new Set<string>();

/**
 * Tries it beside the sink: a failed clone deletes the file that it was to fill. That a clone is made twice costs
 * nothing.
 */
function canClone(path: string, sink: FileSink): boolean {
  const pair = `${statSync(path, { throwIfNoEntry: false })?.dev} ${fstatSync(sink.fd).dev}`;
  if (without.has(pair)) return false;
  const probe = join(dirname(sink.path), formatStagedName({ key: "", owner: thisOwner() }));
  try {
    // No pipe, and nothing that would be waited for.
    closeSync(openForReading(path).fd);
    copyFileSync(path, probe, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    unlinkSync(probe);
    return true;
  } catch (error) {
    if (["ENOTSUP", "EXDEV", "ENOSYS", "EINVAL"].includes(errnoOf(error) ?? "")) without.add(pair);
    return false;
  }
}

async function cloneAndVerify(task: DrainTask, path: string, sink: FileSink): Promise<DrainResult> {
  try {
    copyFileSync(path, sink.path, constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    throw errnoOf(error) === undefined ? error : ioError(error, "clone", { path });
  }
  return verify(task, sink);
}

/** Has the only meter see the file's bytes. */
async function verify(
  { stages, counter, interrupt }: DrainTask,
  { fd, path }: { readonly fd: number; readonly path: string },
): Promise<DrainResult> {
  const buffer = new Uint8Array(chunkSize);
  const pace = createPace();
  for (let position = 0; ; ) {
    const count = readAtSync(fd, buffer, position, path);
    if (count === 0) return resultOf(stages);
    stages.meters[0]?.update(buffer.subarray(0, count));
    position += count;
    counter.add(count);
    const turn = pace.took(count);
    if (turn !== undefined) await turn;
    interrupt.throwIfAborted();
  }
}
