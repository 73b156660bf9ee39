import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DrayageError, ioError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import { requireProgram } from "../programs.ts";
import { hasCode } from "../root/walk.ts";
import { userNamespaceFlags } from "../user-namespace.ts";
import { cgroupFolders, missingParents, removeCgroups, removeParents } from "./cgroups.ts";
import { outerUid } from "./id-map.ts";

/**
 * The private folder of one run, in memory where there is such a file system, as secrets are in it. A lock on a file in it says that its process
 * lives: what is left of killed ones is removed by the next.
 */
export interface Bundle extends AsyncDisposable {
  readonly path: string;
  /** The container's name for a runtime. */
  readonly id: string;
  /** A folder elsewhere, on a disk, that goes with the bundle. */
  scratch(): string;
}

/** Folders of control groups that go with the bundle. */
interface Cgroups {
  readonly own: readonly string[];
  /** Those that were not there before, the lower ones first. */
  readonly parents: readonly string[];
}

interface BundleOptions {
  readonly cgroupParent?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

const prefix = "drayage-";
const lockName = "lock";
const scratchName = "scratch";
const cgroupsName = "cgroups";
/** What has no lock yet may be of somebody who is just about to lock it. */
const youth = 60_000;
const TMPFS_MAGIC = 0x01021994;
const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/** Makes a bundle, and removes what is left of those whose processes were killed. */
export async function createBundle(
  sys: Sys,
  { cgroupParent = "", env = process.env }: BundleOptions = {},
): Promise<Bundle> {
  const parent = ownFolder(env);
  await removeStale(sys, parent);
  for (;;) {
    const path = mkdtempSync(join(parent, prefix));
    const lock = openSync(join(path, lockName), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    if (!sys.tryLock(lock, "write")) {
      // Somebody cleans, and has it.
      closeSync(lock);
      continue;
    }
    const own = cgroupFolders(basename(path), cgroupParent);
    const groups: Cgroups = { own, parents: missingParents(own, cgroupParent) };
    writeFileSync(join(path, cgroupsName), JSON.stringify(groups));
    return bundleAt(path, lock);
  }
}

function bundleAt(path: string, lock: number): Bundle {
  return {
    path,
    id: basename(path),
    scratch() {
      const folder = mkdtempSync(join(tmpdir(), `${prefix}run-`));
      writeFileSync(join(path, `${scratchName}-${basename(folder)}`), folder);
      return folder;
    },
    async [Symbol.asyncDispose]() {
      try {
        await removeBundle(path);
      } finally {
        closeSync(lock);
      }
    },
  };
}

/** Our folder for bundles, which only we may use. */
function ownFolder(env: NodeJS.ProcessEnv): string {
  const uid = process.geteuid?.() ?? 0;
  const parent = join(memoryFolder(env), `drayage-run-${outerUid(uid)}`);
  try {
    mkdirSync(parent, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw ioError(error, "make the folder", { path: parent });
  }
  const found = lstatSync(parent);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return parent;
  throw new DrayageError("ERR_DRAYAGE_DENIED", `the folder ${JSON.stringify(parent)} is not ours alone`, {
    hint: "remove it, or name a folder of your own by the variable XDG_RUNTIME_DIR",
  });
}

function memoryFolder(env: NodeJS.ProcessEnv): string {
  const candidates = [env.XDG_RUNTIME_DIR, "/dev/shm"].filter((folder) => folder?.startsWith("/"));
  return candidates.find((folder) => folder !== undefined && isMemory(folder)) ?? tmpdir();
}

function isMemory(folder: string): boolean {
  try {
    return statfsSync(folder).type === TMPFS_MAGIC && (lstatSync(folder).mode & 0o222) !== 0;
  } catch {
    return false;
  }
}

async function removeStale(sys: Sys, parent: string): Promise<void> {
  for (const name of readdirSync(parent).filter((one) => one.startsWith(prefix))) {
    const path = join(parent, name);
    let lock: number | undefined;
    try {
      lock = openSync(join(path, lockName), O_RDWR | O_NOFOLLOW);
      if (sys.tryLock(lock, "write")) await removeBundle(path);
    } catch (error) {
      // What cannot be removed now is tried by the next, and keeps nobody from running.
      if (lock === undefined && hasCode(error, "ENOENT") && isOld(path)) await removeBundle(path);
    } finally {
      if (lock !== undefined) closeSync(lock);
    }
  }
}

function isOld(path: string): boolean {
  try {
    return Date.now() - lstatSync(path).mtimeMs > youth;
  } catch {
    // Its owner has removed it.
    return false;
  }
}

async function removeBundle(path: string): Promise<void> {
  const { own, parents } = readCgroups(path);
  await removeCgroups(own);
  removeParents(parents);
  for (const name of readdirSync(path).filter((one) => one.startsWith(`${scratchName}-`)))
    removeScratch(readFileSync(join(path, name), "utf8"));
  rmSync(path, { recursive: true, force: true });
}

/** In a user namespace others than we may own what is in it, and an overlay's own folder may be read by nobody. */
function removeScratch(folder: string): void {
  if (process.geteuid?.() !== 0) {
    spawnSync(requireProgram("unshare"), [...userNamespaceFlags(), "--", "rm", "-rf", "--", folder]);
  }
  rmSync(folder, { recursive: true, force: true });
}

function readCgroups(path: string): Cgroups {
  try {
    return JSON.parse(readFileSync(join(path, cgroupsName), "utf8")) as Cgroups;
  } catch (error) {
    // It was killed before it had any.
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError) return { own: [], parents: [] };
    throw error;
  }
}
