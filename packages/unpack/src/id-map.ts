import { DrayageError } from "@drayage/errors";
import type { IdMapping } from "./options.ts";

/** The largest id: the number behind it stands for none. */
const largestId = 0xfffffffe;

/** An id of this machine for one of an archive. Throws `ERR_DRAYAGE_ARCHIVE_INVALID` where there is none. */
export type MapId = (id: number) => number;

/** @param kind `user` or `group`, for messages */
export function createIdMap(mappings: readonly IdMapping[] | undefined, kind: "user" | "group"): MapId {
  const valid = (id: number): number => {
    if (Number.isInteger(id) && id >= 0 && id <= largestId) return id;
    throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `${id} is no ${kind} id`);
  };
  if (mappings === undefined || mappings.length === 0) return valid;
  return (id) => {
    const mapping = mappings.find(({ containerId, size }) => id >= containerId && id < containerId + size);
    if (mapping !== undefined) return valid(mapping.hostId + id - mapping.containerId);
    throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `the ${kind} id ${id} is in no mapping`);
  };
}
