import { digestBytes, digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { base64, encodeGoJson } from "./json/encode.ts";
import { utf8 } from "./json/text.ts";

/**
 * A docker v2s1 manifest with a signature of a key that is made for it and thrown away, as docker's
 * libtrust and containers/image write it: registries want one, and nobody can verify whose it is. The
 * signature differs each time; the manifest's digest does not, since it does not cover signatures.
 *
 * @throws ERR_DRAYAGE_CONVERSION_UNSUPPORTED where there is no node:crypto.
 */
export function signDockerV1(unsigned: Uint8Array): Uint8Array {
  const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");
  if (crypto === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      "a signed docker v2s1 manifest cannot be made here, since there is no node:crypto",
      { hint: "ask for the unsigned media type, or for docker v2s2" },
    );
  }
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const length = lengthWithoutEnd(unsigned);
  const protectedHeader = base64Url(
    encodeGoJson({
      formatLength: length,
      formatTail: base64Url(unsigned.subarray(length)),
      time: `${new Date().toISOString().slice(0, 19)}Z`,
    }),
  );
  const signature = crypto.sign("sha256", utf8(`${protectedHeader}.${base64Url(unsigned)}`), {
    key: privateKey,
    dsaEncoding: "ieee-p1363",
  });
  const signatures = encodeGoJson([
    {
      header: {
        jwk: { crv: "P-256", kid: keyId(publicKey.export({ type: "spki", format: "der" })), kty: "EC", x, y },
        alg: "ES256",
      },
      signature: base64Url(signature),
      protected: protectedHeader,
    },
  ]);
  return concat(unsigned.subarray(0, length), utf8(',"signatures":'), signatures, utf8("}"));
}

/** How many bytes there are before the closing brace and the white space around it. */
function lengthWithoutEnd(document: Uint8Array): number {
  let length = document.length;
  const isSpace = (byte: number | undefined): boolean =>
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
  while (isSpace(document[length - 1])) length -= 1;
  length -= 1;
  while (isSpace(document[length - 1])) length -= 1;
  return length;
}

/** libtrust's fingerprint of a key: 240 bits of a hash of its DER, in groups of base32. */
function keyId(der: Uint8Array): string {
  const hash = digestHex(digestBytes(der));
  const bits = [...hash.slice(0, 60)].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0"));
  const letters = (bits.join("").match(/.{5}/g) ?? []).map((five) => base32.charAt(Number.parseInt(five, 2)));
  return letters.join("").match(/.{4}/g)?.join(":") ?? "";
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base64Url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
