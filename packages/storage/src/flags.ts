import { RawJson } from "@drayage/manifest";
import type { RecordText } from "./records/record-text.ts";

/** Flags as they are to stand in a record, sorted; left out where there are none. */
export function flagMap(flags: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> | undefined {
  const present = Object.entries(flags).filter(([, value]) => value !== undefined);
  return present.length === 0 ? undefined : new Map(present.map(([name, value]) => [name, jsonValue(value)]));
}

/** The flags of a record with one changed; the others keep their bytes. `undefined` takes one away. */
export function changedFlags(
  record: RecordText,
  name: string,
  value: unknown,
): ReadonlyMap<string, unknown> | undefined {
  const node = record.node.members.find((member) => member.name === "flags")?.value;
  const flags = new Map<string, unknown>();
  for (const member of node?.kind === "object" ? node.members : []) {
    flags.set(member.name, new RawJson(record.bytes.subarray(member.value.start, member.value.end)));
  }
  if (value === undefined) flags.delete(name);
  else flags.set(name, jsonValue(value));
  return flags.size === 0 ? undefined : flags;
}

/** Plain objects are maps in Go, whose keys are sorted. */
function jsonValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, jsonValue(item)]));
}
