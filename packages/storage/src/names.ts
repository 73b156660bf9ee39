import { DrayageError } from "@drayage/errors";
import { unlessEmpty } from "./records/formats.ts";
import type { RecordTable } from "./records/table.ts";
import type { RecordKind, StoredRecord } from "./records/types.ts";

export type NameChange = "add" | "remove" | "set";

/**
 * Changes a record's names as containers/storage does: added ones come first, whoever had one of them loses it, and an image remembers
 * what it was ever called.
 */
export function changeNames<K extends RecordKind>(
  table: RecordTable<K>,
  id: string,
  change: { readonly how: NameChange; readonly names: readonly string[] },
): void {
  const record = table.get(id);
  if (record === undefined) throw new Error(`there is no record ${id} to name`);
  const names = namesAfter(record, change);
  for (const { record: other } of table.rows) {
    if (other.id === id || !other.names.some((name) => names.includes(name))) continue;
    const left = other.names.filter((name) => !names.includes(name));
    table.change(other.id, { names: unlessEmpty(left) });
  }
  table.change(id, {
    names: unlessEmpty(names),
    ...(record.kind === "image"
      ? { "names-history": unlessEmpty(historyAfter(record.namesHistory, names)) }
      : {}),
  });
}

function namesAfter(
  record: StoredRecord,
  { how, names }: { readonly how: NameChange; readonly names: readonly string[] },
): readonly string[] {
  if (names.includes("")) throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", "a name is empty");
  if (how === "remove") return record.names.filter((name) => !names.includes(name));
  return [...new Set(how === "add" ? [...names, ...record.names] : names)];
}

/** Every name goes to the front, one after another. */
function historyAfter(history: readonly string[], names: readonly string[]): readonly string[] {
  return [...new Set([...names.toReversed(), ...history])];
}

/** Throws `ERR_DRAYAGE_NAME_TAKEN` where another record has one of the names. */
export function requireFreeNames<K extends RecordKind>(
  table: RecordTable<K>,
  kind: RecordKind,
  names: readonly string[],
): void {
  for (const { record } of table.rows) {
    const taken = record.names.find((name) => names.includes(name));
    if (taken === undefined) continue;
    throw new DrayageError(
      "ERR_DRAYAGE_NAME_TAKEN",
      `the name ${JSON.stringify(taken)} is that of the ${kind} ${record.id.slice(0, 12)}`,
      { hint: "choose another name" },
    );
  }
}
