import { type Digest, isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";

/** How an image is called, apart from where it is. */
export interface ImageName {
  /** Of a registry the whole name, host and path (`quay.io/coreos/etcd`); in a folder the path below that folder. */
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** distribution-spec, "Pulling manifests": what a tag may be. */
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** distribution-spec, "Referrers Tag Schema": the tag of a list of what refers to a manifest, at a registry without the referrers API. */
const referrersTagPattern = /^sha(?:256|384|512)-[0-9a-f]{64,128}$/;

export function isReferrersTag(text: string): boolean {
  return referrersTagPattern.test(text);
}

/** `repository[:tag][@digest]` */
export function formatName({ repository, tag, digest }: ImageName): string {
  return `${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/**
 * What {@link formatName} has written, as it stands in the name of a folder: only the last component is looked at, so that the
 * port of a registry is no tag. What follows a colon and is no tag belongs to the name.
 */
export function parseName(text: string): ImageName {
  const start = text.lastIndexOf("/") + 1;
  const last = text.slice(start);
  const at = last.indexOf("@");
  const digestText = at < 0 ? undefined : last.slice(at + 1);
  const digest = isDigest(digestText) ? digestText : undefined;
  const named = digest === undefined ? last : last.slice(0, at);
  const colon = named.lastIndexOf(":");
  const tag = colon > 0 && isTag(named.slice(colon + 1)) ? named.slice(colon + 1) : undefined;
  const base = tag === undefined ? named : named.slice(0, colon);
  return { repository: text.slice(0, start) + base, tag, digest };
}

/**
 * The components of a repository's name as they may become names of folders. Names come from registries and layouts, so nothing in
 * them may lead anywhere else.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function safeComponents(repository: string): readonly string[] {
  const components = repository.split("/");
  // Registries forbid all of these; layouts and folders may hold anything.
  const isUnsafe = (part: string): boolean =>
    part === "" || part === "." || part === ".." || part.length > 255 || hasForbidden(part);
  if (components.some(isUnsafe)) {
    throw new DrayageError(
      "ERR_DRAYAGE_REFERENCE_INVALID",
      `${JSON.stringify(repository)} cannot be the name of a folder`,
      { hint: "give it another name with a rename rule (--rename)" },
    );
  }
  return components;
}

function hasForbidden(part: string): boolean {
  for (let at = 0; at < part.length; at++) {
    const code = part.charCodeAt(at);
    if (code < 0x20 || code === 0x7f || code === 0x5c) return true;
  }
  return false;
}
