import { isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { type DockerReference, withName, withTag } from "@drayage/reference";

/** `host` as it may stand in image names. Throws ERR_DRAYAGE_REFERENCE_INVALID. */
export function checkHost(host: string): string {
  try {
    if (withName(`${host}/a`).domain === host) return host;
  } catch (error) {
    if (!isDrayageError(error)) throw error;
  }
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(host)} is not a registry's host`,
    {
      hint: "write it as in image names, without https:// and without a path: registry.example:5000",
    },
  );
}

/** A repository's path, checked. Throws ERR_DRAYAGE_REFERENCE_INVALID. */
export function checkPath(host: string, path: string): DockerReference {
  return withName(`${host}/${path}`);
}

/** A tag or digest as it may stand in a URL. Throws ERR_DRAYAGE_REFERENCE_INVALID. */
export function checkReference(name: DockerReference, reference: string): string {
  return isDigest(reference) ? reference : checkTag(name, reference);
}

/** Throws ERR_DRAYAGE_REFERENCE_INVALID. */
export function checkTag(name: DockerReference, tag: string): string {
  return withTag(name, tag).tag ?? tag;
}

/** `library/busybox:1` or `library/busybox@sha256:…`, for messages. */
export function imageName(path: string, reference: string): string {
  return `${path}${isDigest(reference) ? "@" : ":"}${reference}`;
}
