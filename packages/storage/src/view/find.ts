import { DrayageError } from "@drayage/errors";
import type { RecordKind, StoredRecord } from "../records/types.ts";

export interface Finder<R> {
  find(text: string): R | undefined;
  /** By whole id or whole name. */
  findExact(text: string): R | undefined;
  /** By the beginning of an id. Throws `ERR_DRAYAGE_AMBIGUOUS`. */
  findPrefix(text: string): R | undefined;
}

const candidatesShown = 10;

/** `records`: where two have one name, the first is found. */
export function createFinder<R extends StoredRecord>(kind: RecordKind, records: readonly R[]): Finder<R> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const byName = new Map<string, R>();
  for (const record of records) {
    for (const name of record.names) if (!byName.has(name)) byName.set(name, record);
  }
  const findExact = (text: string): R | undefined => byId.get(text) ?? byName.get(text);
  const findPrefix = (text: string): R | undefined => {
    if (text === "") return undefined;
    const candidates = records.filter(({ id }) => id.startsWith(text));
    if (candidates.length > 1) throw ambiguous(kind, text, candidates);
    return candidates[0];
  };
  return { findExact, findPrefix, find: (text) => findExact(text) ?? findPrefix(text) };
}

function ambiguous(kind: RecordKind, prefix: string, candidates: readonly StoredRecord[]): DrayageError {
  const shown = candidates.slice(0, candidatesShown).map(({ id, names }) => {
    // As many digits as tell it from all others, and as many as people are used to.
    const length = Math.max(12, sharedLength(id, candidates) + 1);
    const short = id.slice(0, length);
    return names[0] === undefined ? short : `${short} (${names[0]})`;
  });
  const more = candidates.length > shown.length ? ` and ${candidates.length - shown.length} more` : "";
  return new DrayageError(
    "ERR_DRAYAGE_AMBIGUOUS",
    `${JSON.stringify(prefix)} is the beginning of ${candidates.length} ${kind}s' ids: ${shown.join(", ")}${more}`,
    { hint: "give more of the id, or a name" },
  );
}

/** How long the longest beginning is that this id shares with another. */
function sharedLength(id: string, others: readonly StoredRecord[]): number {
  let longest = 0;
  for (const other of others) {
    if (other.id === id) continue;
    let length = 0;
    while (length < id.length && id[length] === other.id[length]) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
