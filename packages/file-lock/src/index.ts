/**
 * A lock on a folder among processes, which a dead process does not keep.
 * @module
 */
export { type CommitUnlessChangedOptions, commitUnlessChanged } from "./commit-unless-changed.ts";
export { acquireLock, type Lock, type LockOptions } from "./lock.ts";
