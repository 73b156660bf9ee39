import { isDrayageError } from "@drayage/errors";
import type { StoreFiles } from "./files/store-files.ts";
import type { RecordTable } from "./records/table.ts";
import type { RecordKind } from "./records/types.ts";
import type { TemporaryArea } from "./temporary-area.ts";

/**
 * Files of records as they will most likely be, written to the disk before anything is locked. If they are what is to be saved, in the end, a
 * rename does it: the disk is not waited for while others wait for the lock. If somebody was faster, they are of no use and are
 * written anew.
 */
export interface ReadyFiles {
  /** Writes what a table would be saved as, and takes it for saved. */
  foresee<K extends RecordKind>(table: RecordTable<K>): Promise<void>;
  /** Gives the file its name; false where there is none of this content. */
  take(path: string, bytes: Uint8Array): boolean;
}

export function createReadyFiles(files: StoreFiles, area: TemporaryArea): ReadyFiles {
  const ready = new Map<string, { readonly path: string; readonly bytes: Uint8Array }[]>();
  return {
    async foresee(table) {
      const unsaved = table.unsaved().filter(({ file }) => !file.volatile);
      table.saved();
      for (const { file, bytes } of unsaved) {
        const path = area.next("records");
        await files.writeNew(path, bytes);
        ready.set(file.path, [...(ready.get(file.path) ?? []), { path, bytes }]);
      }
    },
    take(path, bytes) {
      const found = ready.get(path)?.find((one) => Buffer.compare(one.bytes, bytes) === 0);
      return found !== undefined && moved(files, found.path, path);
    },
  };
}

function moved(files: StoreFiles, from: string, to: string): boolean {
  try {
    return files.rename(from, to);
  } catch (error) {
    // Another file system, perhaps. Writing it anew tells what the matter is, if it is anything else.
    if (isDrayageError(error, "ERR_DRAYAGE_IO")) return false;
    throw error;
  }
}
