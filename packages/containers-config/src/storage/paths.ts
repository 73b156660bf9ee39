import { lstatSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Environment, homeFolder, variable } from "../environment.ts";

/** Where a store is that nobody has named a place for. */
export interface StoreRoots {
  readonly graphRoot: string;
  readonly runRoot: string;
}

/** The machine's own store, root's. */
export const machineRoots: StoreRoots = {
  graphRoot: "/var/lib/containers/storage",
  runRoot: "/run/containers/storage",
};

/** A user's own store. Nothing is created. */
export function userRoots(env: Environment, uid: number): StoreRoots {
  const data = variable(env, "XDG_DATA_HOME") ?? join(homeFolder(env), ".local", "share");
  return {
    graphRoot: join(data, "containers", "storage"),
    runRoot: join(runtimeFolder(env, uid), "containers"),
  };
}

function runtimeFolder(env: Environment, uid: number): string {
  const named = variable(env, "XDG_RUNTIME_DIR");
  if (named !== undefined) return real(named);
  const usual = `/run/user/${uid}`;
  return isPrivate(usual, uid) ? usual : join(variable(env, "TMPDIR") ?? tmpdir(), `storage-run-${uid}`);
}

/** Whether nobody but the user can write there. */
function isPrivate(path: string, uid: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.uid === uid && (stats.mode & 0o722) === 0o700;
}

/** A path of storage.conf: `$UID`, `$HOME` and other variables are replaced, and links followed where it is there. */
export function expandPath(path: string, env: Environment, uid: number): string {
  const expanded = path
    .replaceAll("$UID", String(uid))
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? "";
      return (name === "HOME" ? homeFolder(env) : env[name]) ?? "";
    });
  return real(expanded);
}

function real(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    // It is not there yet, or may not be seen: then as it is written, as the Go tools do.
    return absolute;
  }
}
