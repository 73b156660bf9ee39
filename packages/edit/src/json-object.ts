import { encodeGoJson, type JsonNode, parseJson, RawJson } from "@drayage/manifest";

/** The members of a JSON object in their order, each as it was written or as it is to be written. */
export type Members = ReadonlyMap<string, unknown>;

const limit = 4 * 1024 * 1024;

/** The members of a config, or of an object in one. Nothing for what is no object: whoever parsed it has said so. */
export function membersOf(bytes: Uint8Array): Members {
  const root = parseJson(bytes, { what: "config", code: "ERR_DRAYAGE_CONFIG_INVALID", limit });
  return new Map(
    root.kind === "object" ? root.members.map(({ name, value }) => [name, raw(bytes, value)]) : [],
  );
}

/** The items of an array as they were written. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (!(value instanceof RawJson)) return [];
  const { bytes } = value;
  const root = parseJson(bytes, { what: "config", code: "ERR_DRAYAGE_CONFIG_INVALID", limit });
  return root.kind === "array" ? root.items.map((item) => raw(bytes, item)) : [];
}

function raw(bytes: Uint8Array, { start, end }: JsonNode): RawJson {
  return new RawJson(bytes.subarray(start, end));
}

/** A member by its name, which may be written in other cases: so Go reads it. */
export function memberOf(members: Members, name: string): unknown {
  return members.get(nameIn(members, name));
}

/** The members with others put in their places, or behind them; those whose value is undefined are left out. */
export function withMembers(members: Members, changes: ReadonlyMap<string, unknown>): Members {
  const result = new Map(members);
  for (const [name, value] of changes) {
    const written = nameIn(result, name);
    if (value === undefined) result.delete(written);
    else result.set(written, value);
  }
  return result;
}

/** All that stands in the order of the map, as Go would write it: a `Map` alone would be sorted. */
export function encodeMembers(members: Members): Uint8Array {
  const parts = [...members].map(([name, value]) =>
    Buffer.concat([encodeGoJson(name), Buffer.from(":"), encodeGoJson(value)]),
  );
  const body = parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(","), part]));
  return new Uint8Array(Buffer.concat([Buffer.from("{"), ...body, Buffer.from("}")]));
}

export function asRaw(members: Members): RawJson {
  return new RawJson(encodeMembers(members));
}

/** Go takes a name for a field's whatever its case. */
function nameIn(members: Members, name: string): string {
  if (members.has(name)) return name;
  const wanted = name.toLowerCase();
  for (const written of members.keys()) if (written.toLowerCase() === wanted) return written;
  return name;
}
