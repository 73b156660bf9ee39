import { parseImageName } from "@drayage/docker-tar";
import { DrayageError } from "@drayage/errors";
import { type DockerReference, formatReference } from "@drayage/reference";
import { type ImageReference, joinPath, splitPath } from "@drayage/transport";
import type { ImageTaker } from "./writer.ts";

/** An image of a docker archive. Without name and index: the only one of the archive. */
export interface ArchiveReference extends ImageReference {
  readonly path: string;
  /** The image's name, normalized and with a tag. */
  readonly dockerReference?: DockerReference | undefined;
  /** The image's place in the archive, from 0. Sources only. */
  readonly index?: number | undefined;
  /** The writer that takes the image, where it was made by `createArchiveWriter`. */
  readonly writer?: ImageTaker | undefined;
}

const example = "write PATH, PATH:NAME[:TAG] or, to read, PATH:@N; a colon of the path is written \\:";

/**
 * `PATH[:NAME[:TAG]|:@N]`. In the path `\:` is a colon. The name is normalized as the Go tools do: `busybox` is
 * `docker.io/library/busybox:latest`.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseArchiveReference(text: string): ArchiveReference {
  const { path, rest } = splitPath(text);
  if (path === "") throw invalid(text, "the path is missing");
  if (path.includes("\0")) throw invalid(text, "the path has a NUL character");
  if (rest === undefined) return archiveReference(path, {});
  if (rest.startsWith("@")) return archiveReference(path, { index: parseIndex(rest, text) });
  return archiveReference(path, { dockerReference: parseImageName(rest) });
}

/** A reference of parts that were checked. */
export function archiveReference(
  path: string,
  { dockerReference, index, writer }: Omit<ArchiveReference, "path" | "text">,
): ArchiveReference {
  const name = dockerReference === undefined ? undefined : formatReference(dockerReference);
  return {
    text: joinPath(path, index === undefined ? name : `@${index}`),
    path,
    ...(dockerReference === undefined ? {} : { dockerReference }),
    ...(index === undefined ? {} : { index }),
    ...(writer === undefined ? {} : { writer }),
  };
}

function parseIndex(rest: string, text: string): number {
  const digits = rest.slice(1);
  const index = Number(digits);
  if (/^[0-9]{1,9}$/.test(digits)) return index;
  const reason = /^-[0-9]+$/.test(digits)
    ? "an index is not negative"
    : "after @ stands the index of an image, from 0";
  throw invalid(text, `${JSON.stringify(rest)}: ${reason}`);
}

function invalid(text: string, reason: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(text)} is not a reference to a docker archive: ${reason}`,
    { hint: example },
  );
}
