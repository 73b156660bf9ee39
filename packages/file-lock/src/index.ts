/**
 * A lock on a folder among processes, which a dead process does not keep.
 * @module
 */
export { acquireLock, type Lock, type LockOptions } from "./lock.ts";
