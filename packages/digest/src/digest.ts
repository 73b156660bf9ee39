import { DrayageError } from "@drayage/errors";

/** The registered algorithms of the OCI image specification (descriptor.md), with sha384 as go-digest has it. */
export type Algorithm = "sha256" | "sha384" | "sha512";

declare const digestBrand: unique symbol;

/** `sha256:<64 lower-case hex digits>`, or the like of another registered algorithm. Made by {@link parseDigest}. */
export type Digest = `${Algorithm}:${string}` & { readonly [digestBrand]: true };

/** How many hex digits a digest of each algorithm has. */
const hexLengths: Readonly<Record<Algorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** The algorithms that a digest may name. */
export const algorithms: readonly Algorithm[] = ["sha256", "sha384", "sha512"];

/** `sha512:` and its hex digits: longer text is no digest, and is not looked at further. */
const longest = 135;

const lowerHex = /^[0-9a-f]+$/;

export function isAlgorithm(text: unknown): text is Algorithm {
  return typeof text === "string" && Object.hasOwn(hexLengths, text);
}

/** Whether `text` is a digest: a registered algorithm, a colon, and as many lower-case hex digits as it takes. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && fault(text) === undefined;
}

/**
 * `text` as a digest, unchanged. The rule is that of OCI's descriptor.md, for registered algorithms.
 *
 * @throws ERR_DRAYAGE_DIGEST_INVALID, saying what is wrong with it.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const what = typeof text === "string" ? fault(text) : { reason: "it is not text" };
  throw new DrayageError("ERR_DRAYAGE_DIGEST_INVALID", `${quote(text)} is not a digest: ${what?.reason}`, {
    hint: what?.hint ?? "a digest looks like sha256:<64 hex digits>",
  });
}

/** The algorithm that a digest names. */
export function digestAlgorithm(digest: Digest): Algorithm {
  return digest.slice(0, digest.indexOf(":")) as Algorithm;
}

/** The hex digits of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** The digest of `algorithm` whose hex digits are `hex`. Throws ERR_DRAYAGE_DIGEST_INVALID. */
export function formatDigest(algorithm: Algorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}

interface Fault {
  readonly reason: string;
  readonly hint?: string;
}

function fault(text: string): Fault | undefined {
  if (text.length > longest) return { reason: `it has ${text.length} characters` };
  const colon = text.indexOf(":");
  if (colon < 1) return { reason: "it has no algorithm" };
  const algorithm = text.slice(0, colon);
  if (!isAlgorithm(algorithm)) {
    return {
      reason: `the algorithm ${quote(algorithm)} is not known`,
      hint: `known are ${algorithms.join(", ")}`,
    };
  }
  const hex = text.slice(colon + 1);
  const length = hexLengths[algorithm];
  if (hex.length !== length) {
    return { reason: `${algorithm} takes ${length} hex digits, and there are ${hex.length}` };
  }
  if (lowerHex.test(hex)) return undefined;
  return lowerHex.test(hex.toLowerCase())
    ? { reason: "it has upper-case hex digits", hint: "write the digest in lower case" }
    : { reason: "it has characters that are no hex digits" };
}

/** Text from outside as it stands in a message: quoted, and cut where it is long. */
function quote(text: unknown): string {
  if (typeof text !== "string") return typeof text;
  return JSON.stringify(text.length > longest + 20 ? `${text.slice(0, 40)}…` : text);
}
