import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DrayageError, ioError, throwIfAborted } from "@drayage/errors";
import { FairQueue } from "./fair-queue.ts";
import { loadSys, requireSys } from "./load-sys.ts";
import type { Sys } from "./sys.ts";
import { Wait } from "./wait.ts";

export type LockKind = "read" | "write";

/** A lock on a file that this process holds. */
export interface FileLock extends Disposable, AsyncDisposable {
  readonly path: string;
  readonly kind: LockKind;
  /** The open file. It can be read, and written unless it was opened `readOnly`, until the lock is given back. */
  readonly fd: number;
  /** False only for the lock that `unlockedReads` allows. */
  readonly held: boolean;
  /** Gives the lock back, and closes the file. Never fails; a second time does nothing. */
  release(): void;
}

export interface FileLockOptions {
  readonly signal?: AbortSignal | undefined;
  /** For how many milliseconds others are waited for: 10 minutes by default. */
  readonly patience?: number | undefined;
  /** Opens the file only for reading, as is needed on file systems that cannot be written. Read locks only. */
  readonly readOnly?: boolean | undefined;
  /** False refuses a link at the path, as others may have put there; true where absent. */
  readonly followLinks?: boolean | undefined;
  /**
   * Where this machine has no locks, gives for reading what keeps nobody out. Whatever is read then may be half old and
   * half new. Locks for writing are refused all the same.
   */
  readonly unlockedReads?: boolean | undefined;
}

const longestPause = 10;

const queues = new Map<string, FairQueue>();

/**
 * Locks a whole file, and makes it where there is none (mode 0644), so that Go's programs respect it, and other processes
 * and threads of this package.
 *
 * Waiting blocks neither the event loop nor a thread. Within a thread locks of one path are given in the order in which they
 * were asked for; other processes are asked again every 1 to 10 ms. There is no finding out about deadlocks: take several
 * locks in one order, always.
 *
 * It is an open-file-description lock (fcntl(2), `F_OFD_SETLK`). containers/storage takes POSIX locks, which keep these out and
 * are kept out by them; but other than those, these do not get lost when something else of the process closes the file.
 *
 * @throws ERR_DRAYAGE_LOCKED (retryable) where others kept it for longer than the patience
 * @throws ERR_DRAYAGE_SYSTEM_UNSUPPORTED where this machine has no such locks
 * @throws ERR_DRAYAGE_ABORTED, ERR_DRAYAGE_IO
 */
export async function acquireFileLock(
  path: string,
  kind: LockKind,
  options: FileLockOptions = {},
): Promise<FileLock> {
  throwIfAborted(options.signal, "wait for a lock");
  if (options.readOnly && kind === "write") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "a lock for writing needs a file that can be written");
  }
  const file = resolve(path);
  const sys =
    kind === "read" && options.unlockedReads ? loadSys() : requireSys(`lock ${JSON.stringify(file)}`);
  if (sys === undefined) return lockOf({ path: file, kind, fd: openLockFile(file, options), held: false });

  return lockWith(sys, { file, kind, options });
}

interface Wanted {
  readonly file: string;
  readonly kind: LockKind;
  readonly options: FileLockOptions;
}

async function lockWith(sys: Sys, { file, kind, options }: Wanted): Promise<FileLock> {
  const queue = queues.get(file) ?? new FairQueue();
  queues.set(file, queue);
  const leave = (): void => {
    queue.leave(kind);
    forgetIdle(file, queue);
  };
  using wait = new Wait(options);
  if (!queue.tryEnter(kind) && !(await queue.enter(kind, wait.signal))) {
    forgetIdle(file, queue);
    throw wait.error(`${JSON.stringify(file)} is locked by other work of this process`);
  }
  try {
    return await lockFile(sys, { file, kind, options, wait, leave });
  } catch (error) {
    leave();
    throw error;
  }
}

function forgetIdle(file: string, queue: FairQueue): void {
  if (queue.idle) queues.delete(file);
}

async function lockFile(
  sys: Sys,
  { file, kind, options, wait, leave }: Wanted & { readonly wait: Wait; readonly leave: () => void },
): Promise<FileLock> {
  let fd = openLockFile(file, options);
  try {
    for (let pause = 1; ; pause = Math.min(pause * 2, longestPause)) {
      if (tryLock(sys, { fd, kind, file })) {
        if (fstatSync(fd).nlink > 0) return lockOf({ path: file, kind, fd, held: true, leave });
        // It was removed meanwhile: others would lock the file that is there next.
        closeSync(fd);
        fd = openLockFile(file, options);
        continue;
      }
      if (wait.signal.aborted) throw wait.error(describeHolder(sys, { fd, kind, file }));
      await delay(pause, undefined, { signal: wait.signal }).catch(() => undefined);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openLockFile(path: string, { readOnly, followLinks = true }: FileLockOptions): number {
  const access = readOnly ? constants.O_RDONLY : constants.O_RDWR;
  try {
    return openSync(path, access | constants.O_CREAT | (followLinks ? 0 : constants.O_NOFOLLOW), 0o644);
  } catch (error) {
    throw ioError(error, "lock", { path });
  }
}

interface OpenFile {
  readonly fd: number;
  readonly kind: LockKind;
  readonly file: string;
}

function tryLock(sys: Sys, { fd, kind, file }: OpenFile): boolean {
  try {
    return sys.tryLock(fd, kind);
  } catch (error) {
    throw ioError(error, "lock", { path: file });
  }
}

function describeHolder(sys: Sys, { fd, kind, file }: OpenFile): string {
  const holder = sys.lockHolder(fd, kind);
  const who = holder === undefined ? "another process" : `process ${holder}${commandOf(holder)}`;
  return `${JSON.stringify(file)} is locked by ${who}`;
}

function commandOf(pid: number): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
  } catch {
    // It has ended, or is not to be seen: the number has to do.
    return "";
  }
}

interface Held {
  readonly path: string;
  readonly kind: LockKind;
  readonly fd: number;
  readonly held: boolean;
  readonly leave?: () => void;
}

function lockOf({ path, kind, fd, held, leave }: Held): FileLock {
  let open = true;
  const release = (): void => {
    if (!open) return;
    open = false;
    // The lock is the open file's, so it ends with it.
    closeSync(fd);
    leave?.();
  };
  const releaseLater = (): Promise<void> => Promise.resolve(release());
  return { path, kind, fd, held, release, [Symbol.dispose]: release, [Symbol.asyncDispose]: releaseLater };
}
