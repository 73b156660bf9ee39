import { DrayageError } from "@drayage/errors";
import type { IdRange, OwnerMaps } from "./options.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The owner inside of who owns it outside; undefined where no range holds one of the two. A map of no ranges changes nothing. */
export function toContainer({ uid, gid }: Owner, { uidMap, gidMap }: OwnerMaps): Owner | undefined {
  const inside = { uid: inRange(uid, uidMap), gid: inRange(gid, gidMap) };
  if (inside.uid === undefined || inside.gid === undefined) return undefined;
  return { uid: inside.uid, gid: inside.gid };
}

function inRange(id: number, ranges: readonly IdRange[] = []): number | undefined {
  if (ranges.length === 0) return id;
  const range = ranges.find(({ hostId, size }) => id >= hostId && id < hostId + size);
  return range && id - range.hostId + range.containerId;
}

export function unmapped(path: string, { uid, gid }: Owner): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `cannot pack ${JSON.stringify(path)}: its owner ${uid}:${gid} has no place in the id maps`,
  );
}
