import type { DrayageErrorCode } from "@drayage/errors";

const damaged = "the bytes are damaged: take the image from a place where dray validate finds it whole";

/** What to do about an error of a code, where the error itself does not know better. */
const usualHints: Readonly<Partial<Record<DrayageErrorCode, string>>> = {
  ERR_DRAYAGE_AMBIGUOUS: "write more of the ID, or a whole name",
  ERR_DRAYAGE_ARCHIVE_INVALID:
    "the archive is damaged, or of another kind: make it anew, or look at it with tar -tvf",
  ERR_DRAYAGE_BLOB_NOT_FOUND: "the image is incomplete: copy it to this place anew",
  ERR_DRAYAGE_COMPRESSION_INVALID: "the compressed data is damaged: make it anew",
  ERR_DRAYAGE_COMPRESSION_UNSUPPORTED: "compress it with gzip",
  ERR_DRAYAGE_CONFIG_INVALID: "dray validate IMAGE shows all that is wrong with it",
  ERR_DRAYAGE_CONTAINER_NOT_FOUND: "dray builder containers and podman ps --all list those that are there",
  ERR_DRAYAGE_CONVERSION_UNSUPPORTED:
    "choose another --format, or a destination that takes the image as it is",
  ERR_DRAYAGE_DESTINATION_EXISTS: "choose another path",
  ERR_DRAYAGE_DESTINATION_REFUSED: "choose another destination",
  ERR_DRAYAGE_DIGEST_INVALID: "a digest is written sha256: and 64 lower-case hexadecimal digits",
  ERR_DRAYAGE_DIGEST_MISMATCH: damaged,
  ERR_DRAYAGE_IMAGE_NOT_FOUND: "check the path and the name; dray list-tags shows the names at a place",
  ERR_DRAYAGE_LAYER_NOT_FOUND: "dray check shows what the store lacks",
  ERR_DRAYAGE_LAYOUT_INVALID: "is it the right transport? dray transports lists them",
  ERR_DRAYAGE_LIMIT_EXCEEDED: "no sound image needs so much, so it is refused",
  ERR_DRAYAGE_LOCKED: "another program works with the store: try again when it is done",
  ERR_DRAYAGE_MANIFEST_INVALID: "dray inspect --raw IMAGE shows the manifest",
  ERR_DRAYAGE_MANIFEST_UNSUPPORTED: "dray inspect --raw IMAGE shows what it is",
  ERR_DRAYAGE_PLATFORM_NOT_FOUND: "dray inspect IMAGE lists the platforms",
  ERR_DRAYAGE_REFERENCE_INVALID: "an image is written TRANSPORT:DETAILS; dray transports shows the forms",
  ERR_DRAYAGE_REGISTRY_UNSUPPORTED: "ask those who run the registry to switch it on, or choose another place",
  ERR_DRAYAGE_SIZE_MISMATCH: damaged,
  ERR_DRAYAGE_STORE_INVALID:
    "dray check shows what is damaged, and the images on it; dray check --repair removes these after asking, so that they can be pulled again",
};

/** The hint for an error of this code that brings none. */
export function usualHint(code: string): string | undefined {
  return Object.hasOwn(usualHints, code) ? usualHints[code as DrayageErrorCode] : undefined;
}
