import type { Kernel } from "./kernel.ts";
import { dataLimit, type Slot } from "./memory.ts";
import type { PathName, Sys } from "./sys.ts";
import { errnoNumber, systemError } from "./system-error.ts";

type XattrCalls = Pick<Sys, "setXattr" | "getXattr" | "listXattrs" | "removeXattr">;
type File = PathName | number;

const none = errnoNumber("ENODATA");
const tooLarge = errnoNumber("E2BIG");

export function xattrCalls({ call, memory }: Kernel): XattrCalls {
  const at = (file: File, syscall: string): number =>
    typeof file === "number" ? file : memory.name(0, file, syscall);
  const nameOf = (name: PathName, syscall: string): number => memory.name(1 satisfies Slot, name, syscall);

  return {
    setXattr(file, name, value) {
      const syscall = typeof file === "number" ? "fsetxattr" : "lsetxattr";
      const result =
        value.length > dataLimit
          ? tooLarge
          : call(syscall, at(file, syscall), nameOf(name, syscall), memory.putData(value), value.length, 0);
      if (result < 0) throw xattrError(result, syscall, file);
    },
    getXattr(file, name) {
      const syscall = typeof file === "number" ? "fgetxattr" : "lgetxattr";
      const result = call(syscall, at(file, syscall), nameOf(name, syscall), memory.data, dataLimit);
      if (result === none) return undefined;
      if (result < 0) throw xattrError(result, syscall, file);
      return memory.takeData(result);
    },
    listXattrs(file) {
      const syscall = typeof file === "number" ? "flistxattr" : "llistxattr";
      const result = call(syscall, at(file, syscall), memory.data, dataLimit);
      if (result < 0) throw xattrError(result, syscall, file);
      return split(memory.takeData(result));
    },
    removeXattr(file, name) {
      const syscall = typeof file === "number" ? "fremovexattr" : "lremovexattr";
      const result = call(syscall, at(file, syscall), nameOf(name, syscall));
      if (result < 0) throw xattrError(result, syscall, file);
    },
  };
}

function xattrError(errno: number, syscall: string, file: File): Error {
  return systemError(errno, syscall, typeof file === "number" ? {} : { path: file });
}

/** Names that each end with a zero. */
function split(list: Uint8Array): readonly Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let start = 0; start < list.length; ) {
    const end = list.indexOf(0, start);
    names.push(list.subarray(start, end));
    start = end + 1;
  }
  return names;
}
