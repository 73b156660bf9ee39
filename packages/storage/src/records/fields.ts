import { type Digest, isDigest } from "@drayage/digest";
import { type JsonNode, plainValue } from "@drayage/manifest";
import type { IdMapping } from "../driver.ts";
import { damagedFile } from "./damaged.ts";
import type { RecordText } from "./record-text.ts";

/** Reads the members of one record. `null` is as good as absent, as it is to Go. */
export interface Fields {
  text(name: string): string | undefined;
  integer(name: string): number | undefined;
  texts(name: string): readonly string[];
  integers(name: string): readonly number[];
  /** Undefined also for what is no digest, or one of a kind that only newer tools know. */
  digest(name: string): Digest | undefined;
  map(name: string): ReadonlyMap<string, unknown>;
  mappings(name: string): readonly IdMapping[];
  invalid(name: string, what: string): Error;
}

export function fieldsOf(record: RecordText, path: string): Fields {
  const values = new Map(record.node.members.map(({ name, value }) => [name, value]));
  const id = values.get("id");
  const title =
    id?.kind === "string" && id.value !== "" ? `record ${JSON.stringify(id.value)}` : "a record without id";
  const invalid = (name: string, what: string): Error =>
    damagedFile(path, `is damaged: ${title}: ${JSON.stringify(name)} ${what}`);

  function get<K extends JsonNode["kind"]>(
    name: string,
    kind: K,
  ): Extract<JsonNode, { kind: K }> | undefined {
    const value = values.get(name);
    if (value === undefined || value.kind === "null") return undefined;
    if (value.kind !== kind) throw invalid(name, `should be of the kind ${kind}, and is ${value.kind}`);
    return value as Extract<JsonNode, { kind: K }>;
  }
  const wholeNumber = (name: string, text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value))
      throw invalid(name, `holds ${text.slice(0, 40)}, which is no whole number`);
    return value;
  };
  /** Most lists of most records are empty: these are all one, as a store may have hundreds of thousands of records. */
  function list<T>(name: string, read: (item: JsonNode) => T): readonly T[] {
    const items = get(name, "array")?.items ?? nothing;
    return items.length === 0 ? nothing : Object.freeze(items.map(read));
  }

  return {
    invalid,
    text: (name) => get(name, "string")?.value,
    integer(name) {
      const value = get(name, "number");
      return value && wholeNumber(name, value.text);
    },
    texts: (name) =>
      list(name, (item) => {
        if (item.kind !== "string") throw invalid(name, "should hold texts");
        return item.value;
      }),
    integers: (name) =>
      list(name, (item) => {
        if (item.kind !== "number") throw invalid(name, "should hold numbers");
        return wholeNumber(name, item.text);
      }),
    digest(name) {
      const value = get(name, "string")?.value;
      return isDigest(value) ? value : undefined;
    },
    map: (name) =>
      new Map(get(name, "object")?.members.map((member) => [member.name, plainValue(member.value)])),
    mappings: (name) =>
      list(name, (item) => {
        if (item.kind !== "object") throw invalid(name, "should hold objects");
        const of = (key: string): number => {
          const member = item.members.find((one) => one.name === key)?.value;
          return member?.kind === "number" ? wholeNumber(name, member.text) : 0;
        };
        return Object.freeze({
          containerId: of("container_id"),
          hostId: of("host_id"),
          size: of("size"),
        });
      }),
  };
}

const nothing: readonly never[] = Object.freeze([]);
