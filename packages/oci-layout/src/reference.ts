import { DrayageError } from "@drayage/errors";
import { joinPath, splitPath } from "@drayage/transport";

/** Where an image is: a layout's folder or archive, and which of the images in it. */
export interface LayoutPlace {
  readonly path: string;
  /** The image's `org.opencontainers.image.ref.name`. */
  readonly name?: string | undefined;
  /** The position of its entry in index.json, from 0: `@N`. */
  readonly position?: number | undefined;
}

// What containers/image takes for a name: components of letters and digits, with single separators or `--`
// between them, joined by `/`. A separator is always followed by a letter or digit, so this is linear.
const component = "[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*";
const namePattern = new RegExp(`^${component}(?:/${component})*$`);

/** Whether `text` may be the name of an image in a layout. */
export function isLayoutName(text: string): boolean {
  return namePattern.test(text);
}

/**
 * `PATH[:NAME]` or `PATH:@N`. The path ends at the first colon; one that belongs to it is written `\:`.
 * `scheme` is what messages call the transport.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseLayoutPlace(text: string, scheme: string): LayoutPlace {
  const { path, rest = "" } = splitPath(text);
  const invalid = (why: string, hint?: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(`${scheme}:${text}`)}: ${why}`, {
      hint: hint ?? `write ${scheme}:PATH or ${scheme}:PATH:NAME`,
    });
  if (path === "") throw invalid("there is no path");
  if (path.includes("\0")) throw invalid("the path has a zero byte");
  if (rest === "") return { path };
  if (rest.startsWith("@")) {
    if (!/^@[0-9]{1,9}$/.test(rest)) {
      throw invalid(`${JSON.stringify(rest)} is not a position`, "positions are @0, @1 and so on");
    }
    return { path, position: Number(rest.slice(1)) };
  }
  if (!isLayoutName(rest)) {
    throw invalid(
      `${JSON.stringify(rest)} is not a name of an image`,
      "a name has letters, digits and, between them, one of - . _ : @ + /; a colon of the path is written \\:",
    );
  }
  return { path, name: rest };
}

/** The text that {@link parseLayoutPlace} reads as `place`. */
export function formatLayoutPlace({ path, name, position }: LayoutPlace): string {
  return joinPath(path, position === undefined ? name : `@${position}`);
}

/**
 * Refuses a position where an image is written: the place of a new one cannot be chosen.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function refusePosition(place: LayoutPlace, scheme: string): void {
  if (place.position === undefined) return;
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(`${scheme}:${formatLayoutPlace(place)}`)}: an image cannot be written to a position`,
    { hint: `write ${scheme}:PATH or ${scheme}:PATH:NAME` },
  );
}
