import { randomBytes } from "node:crypto";
import { type Owner, thisOwner } from "@drayage/blob";

/** A whole file of an image that is not committed yet, under a name that only one destination uses. */
export interface PrivateName {
  /** Tells one destination from all others. */
  readonly token: string;
  readonly owner: Owner;
  /** What the file is to be called. */
  readonly name: string;
}

const prefix = ".drayage-put.";
const pattern = /^\.drayage-put\.(([0-9a-f]{12})\.([0-9]{1,10})\.([0-9]{1,20})\.[0-9a-f]{12})\.(.{1,200})$/;

export function createToken(): string {
  const { place, pid, start } = thisOwner();
  return `${place}.${pid}.${start}.${randomBytes(6).toString("hex")}`;
}

export function isToken(text: unknown): text is string {
  return typeof text === "string" && pattern.test(privateName(text, "x"));
}

export function privateName(token: string, name: string): string {
  return `${prefix}${token}.${name}`;
}

/** Undefined where the name is no private one. */
export function parsePrivateName(text: string): PrivateName | undefined {
  const [, token, place, pid, start, name] = pattern.exec(text) ?? [];
  if (token === undefined || place === undefined || start === undefined || name === undefined)
    return undefined;
  return { token, owner: { place, pid: Number(pid), start }, name };
}
