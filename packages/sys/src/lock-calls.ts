import type { Kernel } from "./kernel.ts";
import type { Sys } from "./sys.ts";
import { errnoNumber, systemError } from "./system-error.ts";

type LockCalls = Pick<Sys, "tryLock" | "unlock" | "isLocked" | "lockHolder">;

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const types = { read: 0, write: 1, none: 2 } as const;
const again = errnoNumber("EAGAIN");
const denied = errnoNumber("EACCES");

/*
 * struct flock: the type (16 bits), whence (16 bits), padding; then start, length (0: to the end, wherever that is) and
 * the process (must be 0), in 64 bits each.
 */
export function lockCalls({ call, memory }: Kernel): LockCalls {
  const request = (type: number): number => memory.int64s(type, 0, 0, 0);

  /** The type and process of a lock that is in the way. */
  function find(fd: number, kind: "read" | "write"): { readonly type: number; readonly pid: number } {
    const result = call("fcntl", fd, F_OFD_GETLK, request(types[kind]));
    if (result < 0) throw systemError(result, "fcntl");
    return { type: memory.int16At(0), pid: memory.int32At(24) };
  }

  return {
    tryLock(fd, kind) {
      const result = call("fcntl", fd, F_OFD_SETLK, request(types[kind]));
      if (result === again || result === denied) return false;
      if (result < 0) throw systemError(result, "fcntl");
      return true;
    },
    unlock(fd) {
      const result = call("fcntl", fd, F_OFD_SETLK, request(types.none));
      if (result < 0) throw systemError(result, "fcntl");
    },
    isLocked: (fd, kind) => find(fd, kind).type !== types.none,
    lockHolder(fd, kind) {
      const { type, pid } = find(fd, kind);
      return type !== types.none && pid > 0 ? pid : undefined;
    },
  };
}
