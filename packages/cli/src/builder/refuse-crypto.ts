import { DrayageError } from "@drayage/errors";
import type { CryptoFlags } from "./flags.ts";

const refused: readonly (readonly [key: keyof CryptoFlags, flag: string, what: string])[] = [
  ["signBy", "--sign-by", "signing"],
  ["encryptionKey", "--encryption-key", "encryption"],
  ["encryptLayer", "--encrypt-layer", "encryption"],
  ["decryptionKey", "--decryption-key", "decryption"],
];

/** Throws `ERR_DRAYAGE_USAGE` where something is to be signed, encrypted or decrypted. */
export function refuseCrypto(flags: CryptoFlags): void {
  const found = refused.find(([key]) => flags[key] !== undefined);
  if (found === undefined) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${found[1]}: ${found[2]} is not supported yet`, {
    hint: "leave the flag out; nothing was written",
  });
}
