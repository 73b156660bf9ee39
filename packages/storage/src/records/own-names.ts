import type { RecordTable, Row } from "./table.ts";
import type { RecordKind, RecordOf, StoredRecord } from "./types.ts";

/**
 * The records of one store as the Go tools see them: of a name that stands twice, the record that comes last has it.
 */
export function recordsWithOwnNames<K extends RecordKind>(rows: readonly Row<K>[]): RecordOf[K][] {
  const owners = ownersOfNames(rows);
  return rows.map(({ record }) => {
    if (record.names.every((name) => owners.get(name) === record.id)) return record;
    return withNames(
      record,
      record.names.filter((name) => owners.get(name) === record.id),
    );
  });
}

function withNames<R extends StoredRecord>(record: R, names: readonly string[]): R {
  return Object.freeze({ ...record, names });
}

/** Takes names that stand twice from all but the last that have them. */
export function stripDuplicateNames<K extends RecordKind>(table: RecordTable<K>): void {
  const owners = ownersOfNames(table.rows);
  for (const { record } of table.rows) {
    const kept = record.names.filter((name) => owners.get(name) === record.id);
    if (kept.length < record.names.length)
      table.change(record.id, { names: kept.length > 0 ? kept : undefined });
  }
}

function ownersOfNames<K extends RecordKind>(rows: readonly Row<K>[]): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(({ record }) => record.names.map((name) => [name, record.id] as const)));
}
