import { type Digest, isDigest, parseDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { nameLimit, namePattern, referencePattern, tagLimit, tagPattern, textLimit } from "./grammar.ts";

/** A docker reference: `[domain/]path[:tag][@digest]`. */
export interface DockerReference {
  /** `docker.io`, `localhost:5000`, `[::1]:5000`; empty where a reference that is not normalized has none. */
  readonly domain: string;
  /** `library/busybox` */
  readonly path: string;
  /** Domain and path: `docker.io/library/busybox`. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/**
 * `text` by the grammar alone, as Go's `reference.Parse`. The first component counts as a domain wherever
 * the grammar lets it (`foo/bar` has the domain `foo`), and one component alone has none. For what people
 * write use `parseNormalizedNamed`.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseReference(text: string): DockerReference {
  return parseWritten(text, text);
}

/** `text` by the grammar; errors are about `written`, which the user wrote and `text` was made of. */
export function parseWritten(text: string, written: string): DockerReference {
  if (text === "") throw invalid(written, "a name is missing");
  if (text.length > textLimit) throw invalid(written, `it has ${written.length} characters`);
  const [, name, tag, digest] = referencePattern.exec(text) ?? [];
  if (name === undefined) throw malformed(written, text);
  return build(splitName(name, written), tag, digest === undefined ? undefined : readDigest(digest, written));
}

/**
 * A name alone (`quay.io/podman/stable`) as a reference. Throws ERR_DRAYAGE_REFERENCE_INVALID, also where
 * there is a tag or a digest.
 */
export function withName(name: string): DockerReference {
  return build(splitName(name, name));
}

/** The reference with this tag, and the digest that it has. Throws ERR_DRAYAGE_REFERENCE_INVALID. */
export function withTag(reference: DockerReference, tag: string): DockerReference {
  if (tag.length > tagLimit || !tagPattern.test(tag)) {
    throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${quote(tag)} is not a tag`, {
      hint: `a tag has at most ${tagLimit} letters, digits, _ . and -, and starts with none of . -`,
    });
  }
  return build(reference, tag, reference.digest);
}

/** The reference with this digest, and the tag that it has. */
export function withDigest(reference: DockerReference, digest: Digest): DockerReference {
  return build(reference, reference.tag, parseDigest(digest));
}

/** The reference's name without tag and digest. */
export function trimNamed(reference: DockerReference): DockerReference {
  return build(reference);
}

/** Whether there is neither tag nor digest. */
export function isNameOnly(reference: DockerReference): boolean {
  return reference.tag === undefined && reference.digest === undefined;
}

/** The reference as text; parsing it gives an equal reference. */
export function formatReference({ name, tag, digest }: DockerReference): string {
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

interface Repository {
  readonly domain: string;
  readonly path: string;
}

/** A reference of parts that were checked. Keys that it lacks are absent, so that deep equality holds. */
export function build({ domain, path }: Repository, tag?: string, digest?: Digest): DockerReference {
  return Object.freeze({
    domain,
    path,
    name: domain === "" ? path : `${domain}/${path}`,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  });
}

export function invalid(text: string, reason: string, hint?: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${quote(text)} is not an image reference: ${reason}`,
    {
      hint,
    },
  );
}

/** `user:password@` before a host: no reference has that, and many a URL. */
const userOfUrl = /^[^/]*:[^/]*@(?=[^/@]+\/)/;

/** Text from outside as it stands in a message: quoted, without a password, and cut where it is long. */
function quote(text: string): string {
  const shown = text.slice(0, 300).replace(userOfUrl, "***@");
  return JSON.stringify(text.length > 300 ? `${shown.slice(0, 60)}…` : shown);
}

export const upperCaseName = "the repository name has upper-case letters";
export const upperCaseHint =
  "write the name in lower case; only tags and domains may have upper-case letters";

function splitName(name: string, written: string): Repository {
  if (name.length > nameLimit) throw invalid(written, `the name has more than ${nameLimit} characters`);
  const [, domain = "", path] = namePattern.exec(name) ?? [];
  if (path === undefined) throw malformed(written, name);
  return { domain, path };
}

function readDigest(text: string, reference: string): Digest {
  if (isDigest(text)) return text;
  try {
    return parseDigest(text);
  } catch (cause) {
    const { message, hint } = cause as DrayageError;
    throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${quote(reference)}: ${message}`, {
      hint,
      cause,
    });
  }
}

/** Why the grammar does not take `text`, which was made of `written`, as well as can be told. */
function malformed(written: string, text: string): DrayageError {
  if (referencePattern.test(text.toLowerCase())) return invalid(written, upperCaseName, upperCaseHint);
  if (/[\s\p{Cc}]/u.test(written)) return invalid(written, "it has spaces or control characters");
  if (written.includes("://"))
    return invalid(written, "it has a URL's scheme", "leave out the scheme: quay.io/podman/stable");
  if (written.endsWith(":"))
    return invalid(written, "nothing follows the last colon", "write a tag after it, or leave it out");
  if (written.endsWith("@"))
    return invalid(written, "nothing follows the @", "write a digest after it, or leave it out");
  return invalid(written, "it is malformed", "a reference looks like [host[:port]/]name[:tag][@digest]");
}
