import { DrayageError } from "@drayage/errors";
import { bigDataPath, withItem } from "./big-data.ts";
import type { StoreCore } from "./core.ts";
import { requireOwn } from "./delete.ts";
import { changedFlags } from "./flags.ts";
import { changeNames, type NameChange } from "./names.ts";
import type { RecordKind } from "./records/types.ts";
import type { BigDataItem, Flag, StoreOptions } from "./store.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

/** A record of this store. */
export interface RecordKey {
  readonly kind: RecordKind;
  readonly id: string;
}

export function editNames(
  core: StoreCore,
  { kind, id }: RecordKey,
  change: StoreOptions & { readonly how: NameChange; readonly names: readonly string[] },
): Promise<void> {
  return editing(core, { kind, id, signal: change.signal }, (transaction) => {
    changeNames(transaction.table(kind), id, change);
  });
}

export function editMetadata(
  core: StoreCore,
  { kind, id, signal }: RecordKey & StoreOptions,
  metadata: string,
): Promise<void> {
  return editing(core, { kind, id, signal }, (transaction) => {
    transaction.table(kind).change(id, { metadata: metadata || undefined });
  });
}

export function editFlag(
  core: StoreCore,
  { kind, id, signal }: RecordKey & StoreOptions,
  { name, value }: Flag,
): Promise<void> {
  if (name === "incomplete") {
    // It would be the end of the layer.
    throw new DrayageError("ERR_DRAYAGE_USAGE", 'the flag "incomplete" is the store\'s own');
  }
  return editing(core, { kind, id, signal }, (transaction) => {
    const table = transaction.table(kind);
    for (const { record, text } of table.rows) {
      if (record.id === id) table.change(id, { flags: changedFlags(text, name, value) });
    }
  });
}

export function editBigData(
  core: StoreCore,
  { kind, id, signal }: RecordKey & StoreOptions,
  item: BigDataItem,
): Promise<void> {
  return editing(core, { kind, id, signal }, (transaction) => {
    const record = requireOwn(transaction, kind, id);
    const members = withItem(record, item);
    core.files.write(bigDataPath(core, record, item.key), item.bytes);
    transaction.table(kind).change(id, members);
  });
}

function editing(
  core: StoreCore,
  { kind, id, signal }: RecordKey & StoreOptions,
  edit: (transaction: Transaction) => void,
): Promise<void> {
  return inTransaction(core, [kind], {
    signal,
    act(transaction) {
      requireOwn(transaction, kind, id);
      edit(transaction);
      transaction.save();
    },
  });
}
