/**
 * The Linux calls that Node lacks.
 * @module
 */
export { acquireFileLock, type FileLock, type FileLockOptions, type LockKind } from "./file-lock.ts";
export { type LoadSysOptions, loadSys, requireSys, sysBase, sysUnavailable } from "./load-sys.ts";
export { missingOwner } from "./missing-owner.ts";
export { type OpenFlags, openFlags, workingFolder } from "./open-flags.ts";
export type { Execution, FileTime, Mount, OverlayMount, PathName, Sys } from "./sys.ts";
