import { DrayageError } from "@drayage/errors";

/** For what only an index has. */
export function noIndex(what: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `the source is an image alone: there is no ${what} to annotate`,
    {
      hint: "set annotations of the image instead: --annotation",
    },
  );
}

export function noAnnotations(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONVERSION_UNSUPPORTED", `docker's ${what} have no annotations`, {
    hint: "copy the image with --format oci first",
  });
}
