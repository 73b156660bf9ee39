import { isDigest } from "@drayage/digest";
import { bigDataMembers, bigDataPath, factsOf, readBigData } from "./big-data.ts";
import type { StoreCore } from "./core.ts";
import type { ContainerRecord, ImageRecord } from "./records/types.ts";
import type { BigDataItem } from "./store.ts";

/**
 * Whether data that is not what its record says can be what a killed process wrote: the file is replaced whole before the record is.
 * So it is with what is changed in the life of a container, or of an image without layers, which is a list. An image's is not changed.
 */
export function isNewerData(record: ContainerRecord | ImageRecord, { key, bytes }: BigDataItem): boolean {
  return !isImageItself(record) && !isDigest(key) && isJson(bytes);
}

/** A list has neither a layer, nor data that is called by its digest, as an image or an artifact has. */
function isImageItself(record: ContainerRecord | ImageRecord): boolean {
  if (record.kind !== "image") return false;
  const isOfDigest = (key: string): boolean => isDigest(key) || key.startsWith("manifest-");
  return record.layer !== undefined || [...record.bigData.keys()].some(isOfDigest);
}

/** The members of the record that say what is in the files, where that is newer. */
export function membersOfNewerData(
  core: StoreCore,
  record: ContainerRecord | ImageRecord,
): Record<string, unknown> {
  const facts = [...record.bigData].map(([key, known]) => {
    // What is missing is another finding's.
    if (!core.files.exists(bigDataPath(core, record, key))) return [key, known] as const;
    const item = { key, bytes: readBigData(core, record, { key }) };
    return [key, isNewerData(record, item) ? factsOf(item) : known] as const;
  });
  return bigDataMembers(new Map(facts));
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}
