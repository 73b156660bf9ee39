import type { Digest } from "@drayage/digest";
import { type HistoryEntry, type ImageConfig, RawJson } from "@drayage/manifest";
import {
  asRaw,
  encodeMembers,
  itemsOf,
  type Members,
  memberOf,
  membersOf,
  withMembers,
} from "./json-object.ts";

/** What becomes of fields of a config, by name. Undefined: the field goes. */
export interface ConfigEdits {
  /** Its own. */
  readonly image?: ReadonlyMap<string, unknown> | undefined;
  /** Those of its `config`. */
  readonly container?: ReadonlyMap<string, unknown> | undefined;
  readonly history?: readonly (HistoryEntry | KeptHistory)[] | undefined;
  readonly diffIds?: readonly Digest[] | undefined;
}

/** An entry of the history that stays, with all that it says, but for these. */
export interface KeptHistory {
  /** Its place. */
  readonly at: number;
  readonly empty_layer?: boolean | undefined;
  readonly created?: string | undefined;
}

/** A config with some fields changed and all others as they were written, unknown ones too. */
export function editConfig(image: ImageConfig, edits: ConfigEdits): Uint8Array {
  const members = membersOf(image.bytes);
  const changes = new Map(edits.image);
  if (edits.container !== undefined && edits.container.size > 0) {
    // docker of old has `container_config` alone.
    const isOld = image.config === undefined && image.container_config !== undefined;
    const before = innerMembers(memberOf(members, isOld ? "container_config" : "config"));
    changes.set("config", asRaw(withMembers(before, edits.container)));
  }
  if (edits.diffIds !== undefined) changes.set("rootfs", { type: "layers", diff_ids: edits.diffIds });
  if (edits.history !== undefined) {
    const items = itemsOf(memberOf(members, "history"));
    const entries = edits.history.map((entry) => historyJson(entry, items));
    changes.set("history", entries.length === 0 ? undefined : entries);
  }
  return encodeMembers(withMembers(members, changes));
}

/** The members of an object within a document; none where it is no object. */
export function innerMembers(value: unknown): Members {
  return value instanceof RawJson ? membersOf(value.bytes) : new Map();
}

function historyJson(entry: HistoryEntry | KeptHistory, items: readonly unknown[]): unknown {
  if (!("at" in entry)) {
    const { created, created_by, author, comment, empty_layer } = entry;
    return { created, created_by, author, comment, empty_layer: empty_layer === true ? true : undefined };
  }
  const changes = new Map<string, unknown>();
  if (entry.empty_layer !== undefined) changes.set("empty_layer", entry.empty_layer ? true : undefined);
  if (entry.created !== undefined) changes.set("created", entry.created);
  return asRaw(withMembers(innerMembers(items[entry.at]), changes));
}
