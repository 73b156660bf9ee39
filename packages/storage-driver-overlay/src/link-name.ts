import { randomBytes } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const length = 26;

/**
 * A new name for a layer in the folder `l`. It stands for the id in the options of mounts, where there is little room: 26
 * random characters of base32, as containers/storage makes them.
 */
export function createLinkName(): string {
  // 256 is a multiple of 32: each character is as likely as the others.
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Whether text can be the name of a link in `l`. */
export function isLinkName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,128}$/.test(text);
}
