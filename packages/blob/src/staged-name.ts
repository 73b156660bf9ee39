import { randomBytes } from "node:crypto";
import type { Owner } from "./owner.ts";

/** What a staged file's name says. */
export interface StagedName {
  /** What the file will hold, usually a digest's hex digits; empty where it cannot be resumed. */
  readonly key: string;
  readonly owner: Owner;
}

const pattern =
  /^\.drayage-partial\.([A-Za-z0-9_-]{0,160})\.([0-9a-f]{12})\.([0-9]{1,10})\.([0-9]{1,20})\.[0-9a-f]{12}$/;

/** A name that no other staged file has, and that {@link parseStagedName} reads. */
export function formatStagedName({ key, owner }: StagedName): string {
  const unique = randomBytes(6).toString("hex");
  return `.drayage-partial.${key}.${owner.place}.${owner.pid}.${owner.start}.${unique}`;
}

/** Undefined where the name is no staged file's. */
export function parseStagedName(name: string): StagedName | undefined {
  const match = pattern.exec(name);
  if (match === null) return undefined;
  const [, key = "", place = "", pid = "", start = ""] = match;
  return { key, owner: { place, pid: Number(pid), start } };
}

/** A key as it stands in names: a digest's colon and other signs become `_`. */
export function stagedKey(key: string): string {
  return key.replace(/[^A-Za-z0-9-]/g, "_").slice(0, 160);
}
