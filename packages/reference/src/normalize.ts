import { type Digest, isDigest } from "@drayage/digest";
import { identifierPattern, textLimit } from "./grammar.ts";
import {
  build,
  type DockerReference,
  formatReference,
  invalid,
  isNameOnly,
  parseWritten,
  upperCaseHint,
  upperCaseName,
  withTag,
} from "./reference.ts";

const defaultDomain = "docker.io";
const legacyDefaultDomain = "index.docker.io";
const officialPrefix = "library/";
const defaultTag = "latest";

/**
 * What a person writes for an image, with all that is left out filled in, as Go's `ParseNormalizedNamed`:
 * `busybox` is `docker.io/library/busybox`, `me/app:1` is `docker.io/me/app:1`. A first component is a
 * domain only with a `.` or `:` in it, or if it is `localhost`. No tag is added: see {@link tagNameOnly}.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID, also for 64 hex digits, which could be meant as an image ID.
 */
export function parseNormalizedNamed(text: string): DockerReference {
  if (text === "") throw invalid(text, "a name is missing");
  if (text.length > textLimit) throw invalid(text, `it has ${text.length} characters`);
  if (identifierPattern.test(text)) {
    throw invalid(
      text,
      "64 hex digits are an image ID",
      "write the image's name, or sha256: before a digest",
    );
  }
  const { domain, remainder } = splitDockerDomain(text);
  const [path = ""] = remainder.split(":", 1);
  if (path.toLowerCase() !== path) throw invalid(text, upperCaseName, upperCaseHint);
  return parseWritten(`${domain}/${remainder}`, text);
}

/**
 * A normalized reference that names one image, as Go's `ParseDockerRef`: without tag and digest it gets
 * the tag `latest`, and of tag and digest together only the digest stays.
 */
export function parseDockerRef(text: string): DockerReference {
  const reference = parseNormalizedNamed(text);
  if (reference.digest !== undefined) return build(reference, undefined, reference.digest);
  return tagNameOnly(reference);
}

/**
 * A reference that is written out in full already, as Go's `ParseNamed`: `busybox` is refused, because
 * it is `docker.io/library/busybox`.
 */
export function parseNamed(text: string): DockerReference {
  const reference = parseNormalizedNamed(text);
  const full = formatReference(reference);
  if (full !== text) throw invalid(text, "it is not written in full", `write ${full}`);
  return reference;
}

/** An image ID or a digest as a digest, anything else as {@link parseNormalizedNamed} has it. */
export function parseAnyReference(text: string): DockerReference | Digest {
  const digest = identifierPattern.test(text) ? `sha256:${text}` : text;
  return isDigest(digest) ? digest : parseNormalizedNamed(text);
}

/** The reference with the tag `latest`, where it has neither tag nor digest. */
export function tagNameOnly(reference: DockerReference): DockerReference {
  return isNameOnly(reference) ? withTag(reference, defaultTag) : reference;
}

/** The name as docker shows it: `busybox` for `docker.io/library/busybox`. */
export function familiarName(reference: DockerReference): string {
  const { domain, path, name } = reference;
  if (domain !== defaultDomain) return name;
  const official = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : undefined;
  return official === undefined || official.includes("/") ? path : official;
}

/** The reference as docker shows it: `busybox:1` for `docker.io/library/busybox:1`. */
export function familiarString(reference: DockerReference): string {
  return formatReference({ ...reference, name: familiarName(reference) });
}

function splitDockerDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = first === "localhost" || /[.:]/.test(first);
  const written = isDomain ? first : defaultDomain;
  const domain = written === legacyDefaultDomain ? defaultDomain : written;
  const remainder = isDomain ? text.slice(slash + 1) : text;
  const official = domain === defaultDomain && !remainder.includes("/");
  return { domain, remainder: official ? officialPrefix + remainder : remainder };
}
