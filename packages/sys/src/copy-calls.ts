import type { Kernel } from "./kernel.ts";
import type { Sys } from "./sys.ts";
import { systemError } from "./system-error.ts";

type CopyCalls = Pick<Sys, "copyRange" | "cloneFile" | "syncFileSystem">;

const FICLONE = 0x40049409;

export function copyCalls({ call }: Kernel): CopyCalls {
  return {
    copyRange(from, to, length) {
      const result = call("copy_file_range", from, 0, to, 0, length, 0);
      if (result < 0) throw systemError(result, "copy_file_range");
      return result;
    },
    cloneFile(from, to) {
      const result = call("ioctl", to, FICLONE, from);
      if (result < 0) throw systemError(result, "ioctl");
    },
    syncFileSystem(fd) {
      const result = call("syncfs", fd);
      if (result < 0) throw systemError(result, "syncfs");
    },
  };
}
