import { randomBytes } from "node:crypto";
import { lstat, lutimes, open, readFile, readlink, rename, symlink, unlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Owner, type OwnerState, stateOf, thisOwner } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { abortError, DrayageError, errnoOf, ioError } from "@drayage/errors";

/** A lock that this process holds. */
export interface Lock extends AsyncDisposable {
  /** Whether it is still this process's: it may have been broken while the process was stopped. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for a process that lives and holds it, in milliseconds. */
  readonly patience?: number | undefined;
  /** After how long without a sign of life, in milliseconds, the lock of a process that cannot be seen is broken. */
  readonly silence?: number | undefined;
}

const heartbeat = 3_000;
const defaultPatience = 120_000;
const defaultSilence = 15_000;

/**
 * Takes the lock at `path` among all processes that use this function, waiting for it.
 *
 * The lock is a symbolic link, made in one step, whose target names its process. The lock of a process that
 * died is broken at once; that of a process on another machine, or of an earlier boot, when it showed no sign of
 * life for a while.
 *
 * Only one process may break a lock, or two that saw the same dead owner could each remove what the other has
 * taken since. So whoever breaks takes a lock for that first, whose name comes from the dead owner's token, and gives
 * that the name of the broken one: whenever a process dies, what it leaves is found by the next.
 *
 * @throws ERR_DRAYAGE_DESTINATION_REFUSED (retryable) where a living process holds it for too long
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  return heldLock(path, await acquire(path, options));
}

/** Gives the token that the lock has now. */
async function acquire(path: string, options: LockOptions): Promise<string> {
  const token = createToken();
  const patience = options.patience ?? defaultPatience;
  const watch = new SilenceWatch(options.silence ?? defaultSilence);
  const began = performance.now();
  for (let pause = 5; ; pause = Math.min(pause * 2, 40)) {
    if (options.signal?.aborted) throw abortError(options.signal.reason, "wait for a lock");
    if (await tryCreate(path, token)) return token;
    const holder = await readToken(path);
    if (holder === undefined) continue;
    const state = holderState(holder);
    if (state === "dead" || (state === "unknown" && (await watch.isSilent(path, holder)))) {
      const taken = await takeOver(path, holder, options);
      if (taken !== undefined) return taken;
      continue;
    }
    if (performance.now() - began > patience) throw refused(path, holder);
    await delay(pause * (0.5 + Math.random()), undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function heldLock(path: string, token: string): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    // A lock that is gone or cannot be touched is found out by isHeld.
    lutimes(path, now, now).catch(() => undefined);
  }, heartbeat);
  beat.unref();
  const isHeld = async (): Promise<boolean> => (await readToken(path)) === token;
  const release = async (): Promise<void> => {
    clearInterval(beat);
    if (await isHeld()) await remove(path);
  };
  return { isHeld, release, [Symbol.asyncDispose]: release };
}

/** Gives the token that the lock has then; undefined where it is another's by now. */
async function takeOver(path: string, dead: string, options: LockOptions): Promise<string | undefined> {
  const name = digestHex(digestBytes(new TextEncoder().encode(dead))).slice(0, 16);
  const breaking = `${path}.${name}`;
  const token = await acquire(breaking, options);
  if ((await readToken(path)) !== dead) {
    await remove(breaking);
    return undefined;
  }
  try {
    await rename(breaking, path);
  } catch (error) {
    await remove(breaking);
    throw ioError(error, "lock", { path });
  }
  return token;
}

async function tryCreate(path: string, token: string): Promise<boolean> {
  try {
    await symlink(token, path);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST") return false;
    if (errno !== "EPERM" && errno !== "ENOTSUP" && errno !== "ENOSYS" && errno !== "EOPNOTSUPP") {
      throw ioError(error, "lock", { path });
    }
  }
  return tryCreateFile(path, token);
}

/** For file systems without symbolic links. */
async function tryCreateFile(path: string, token: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(token);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw ioError(error, "lock", { path });
  }
}

/** Who holds the lock; undefined where nobody does. A file that is still empty has the empty token. */
async function readToken(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    if (errnoOf(error) !== "EINVAL" && errnoOf(error) !== "UNKNOWN")
      throw ioError(error, "read the lock", { path });
  }
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "read the lock", { path });
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "unlock", { path });
  }
}

/** Watches a lock by this process's own clock: those of two machines may differ. */
class SilenceWatch {
  readonly #silence: number;
  #seen = "";
  #since = 0;

  constructor(silence: number) {
    this.#silence = silence;
  }

  async isSilent(path: string, holder: string): Promise<boolean> {
    const stats = await lstat(path).catch(() => undefined);
    const seen = `${holder} ${stats?.ino} ${stats?.mtimeMs}`;
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#since = performance.now();
    }
    return performance.now() - this.#since >= this.#silence;
  }
}

const tokenPattern = /^([0-9a-f]{12})\.([0-9]{1,10})\.([0-9]{1,20})\.[0-9a-f]{12}$/;

/** A text that names this process and is never made twice. */
function createToken(): string {
  const { place, pid, start } = thisOwner();
  return `${place}.${pid}.${start}.${randomBytes(6).toString("hex")}`;
}

function ownerOf(token: string): Owner | undefined {
  const [, place, pid, start] = tokenPattern.exec(token) ?? [];
  if (place === undefined || pid === undefined || start === undefined) return undefined;
  return { place, pid: Number(pid), start };
}

function holderState(token: string): OwnerState {
  const owner = ownerOf(token);
  return owner === undefined ? "unknown" : stateOf(owner);
}

function refused(path: string, holder: string): DrayageError {
  const owner = ownerOf(holder);
  const who = owner === undefined ? "another process" : `the process ${owner.pid}`;
  return new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", `${JSON.stringify(path)} is held by ${who}`, {
    hint: "wait for it to end, or end it, and run the command again",
    retryable: true,
  });
}
