import { DrayageError } from "@drayage/errors";
import { spelling } from "./arguments.ts";
import { hidden, type TextFlag, text, texts } from "./kinds.ts";

/* Flags of skopeo's that ask for what dray cannot do yet: they are refused, never ignored. */

type HiddenText = TextFlag & { readonly hidden: true };

/** Those of commands that copy images. */
export interface SigningFlags {
  readonly signBy?: string;
  readonly signBySigstore?: string;
  readonly signBySigstorePrivateKey?: string;
  readonly signBySqFingerprint?: string;
  readonly signIdentity?: string;
  readonly signPassphraseFile?: string;
}

export interface EncryptionFlags {
  readonly encryptionKey?: readonly string[];
  readonly encryptLayer?: readonly string[];
  readonly decryptionKey?: readonly string[];
}

const notYet = (placeholder: string): HiddenText => hidden(text(placeholder, "Not supported yet"));
const notYetSeveral = (placeholder: string): HiddenText & { readonly variadic: "," } =>
  hidden(texts(placeholder, "Not supported yet"));

export const signingFlags: { readonly [K in keyof SigningFlags]-?: HiddenText } = {
  signBy: notYet("fingerprint"),
  signBySigstore: notYet("file"),
  signBySigstorePrivateKey: notYet("file"),
  signBySqFingerprint: notYet("fingerprint"),
  signIdentity: notYet("name"),
  signPassphraseFile: notYet("file"),
};

export const encryptionFlags: {
  readonly [K in keyof EncryptionFlags]-?: HiddenText & { readonly variadic: "," };
} = {
  encryptionKey: notYetSeveral("key"),
  encryptLayer: notYetSeveral("index"),
  decryptionKey: notYetSeveral("key"),
};

/** Throws `ERR_DRAYAGE_USAGE` where one of them is given. */
export function refuseFlags(flags: SigningFlags & EncryptionFlags): void {
  refuse(flags, Object.keys(signingFlags), "signing");
  refuse(flags, ["encryptionKey", "encryptLayer"], "encryption");
  refuse(flags, ["decryptionKey"], "decryption");
}

function refuse(flags: object, names: readonly string[], what: string): void {
  const given = flags as Readonly<Record<string, unknown>>;
  const found = names.find((name) => given[name] !== undefined);
  if (found === undefined) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${spelling(found)}: ${what} is not supported yet`, {
    hint: "leave the flag out; nothing was copied",
  });
}
