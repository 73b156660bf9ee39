import path from "node:path";
import { type Blob, bytesBlob, fileBlob } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { manifestDigest } from "@drayage/manifest";
import { bigDataFileName } from "./big-data-name.ts";
import { placeOf, type StoreCore } from "./core.ts";
import { isManifestKey, mapUnlessEmpty } from "./records/formats.ts";
import type {
  BigDataFacts,
  ContainerRecord,
  ImageRecord,
  LayerRecord,
  RecordKind,
  RecordOf,
} from "./records/types.ts";
import type { BigDataItem, BigDataOptions } from "./store.ts";

const defaultLimit = 64 * 1024 * 1024;

/** Throws `ERR_DRAYAGE_BLOB_NOT_FOUND`. */
export function readBigData(
  core: StoreCore,
  record: RecordOf[RecordKind],
  { key, limit = defaultLimit }: BigDataOptions & { readonly key: string },
): Uint8Array {
  return core.files.read(bigDataPath(core, record, key), limit) ?? missing(record, key);
}

export function bigDataAsBlob(core: StoreCore, record: RecordOf[RecordKind], key: string): Blob {
  const what = `${key} of the ${record.kind} ${record.id.slice(0, 12)}`;
  const file = bigDataPath(core, record, key);
  const size = core.files.size(file) ?? missing(record, key);
  const digest = digestOf(record, key);
  if (core.files.onDisk) return fileBlob(file, { size, digest, what });
  return bytesBlob(core.files.read(file, size) ?? missing(record, key), { digest, what });
}

/** A manifest's digest leaves its signatures out, so it is not that of the bytes. */
function digestOf(record: RecordOf[RecordKind], key: string): Digest | undefined {
  return record.kind === "layer" || isManifestKey(key) ? undefined : record.bigData.get(key)?.digest;
}

export function bigDataPath(core: StoreCore, record: RecordOf[RecordKind], key: string): string {
  return path.join(placeOf(core, record).data(record.kind, record.id), bigDataFileName(key));
}

/** What a record has to say of an item. */
export function factsOf(item: BigDataItem): BigDataFacts {
  if (item.key === "") throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", "big data needs a name");
  const digest = isManifestKey(item.key) ? manifestDigest(item.bytes) : digestBytes(item.bytes);
  return { size: item.bytes.length, digest };
}

/** The members of an image's or container's record for its items. */
export function bigDataMembers(facts: ReadonlyMap<string, BigDataFacts>): Record<string, unknown> {
  const digests = [...facts].flatMap(([key, { digest }]) =>
    digest === undefined ? [] : [[key, digest] as const],
  );
  const sizes = [...facts].flatMap(([key, { size }]) => (size < 0 ? [] : [[key, size] as const]));
  return {
    "big-data-names": facts.size === 0 ? undefined : [...facts.keys()],
    "big-data-sizes": mapUnlessEmpty(new Map(sizes)),
    "big-data-digests": mapUnlessEmpty(new Map(digests)),
  };
}

export function withItem(
  record: ContainerRecord | ImageRecord | LayerRecord,
  item: BigDataItem,
): Record<string, unknown> {
  if (record.kind === "layer") return { "big-data-names": [...new Set([...record.bigDataNames, item.key])] };
  return bigDataMembers(new Map([...record.bigData, [item.key, factsOf(item)]]));
}

function missing(record: RecordOf[RecordKind], key: string): never {
  throw new DrayageError(
    "ERR_DRAYAGE_BLOB_NOT_FOUND",
    `the ${record.kind} ${record.id.slice(0, 12)} has no data called ${JSON.stringify(key)}`,
  );
}
