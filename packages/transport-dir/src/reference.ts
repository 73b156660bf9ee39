import { DrayageError } from "@drayage/errors";
import type { ImageReference } from "@drayage/transport";

export const scheme = "dir";

/** An image in a folder of its own. */
export interface DirReference extends ImageReference {
  readonly path: string;
}

/** The whole text is the path: colons are nothing special, and nothing is escaped. */
export function parseReference(text: string): DirReference {
  const invalid = (why: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(`${scheme}:${text}`)}: ${why}`, {
      hint: "write dir:PATH",
    });
  if (text === "") throw invalid("there is no path");
  if (text.includes("\0")) throw invalid("the path has a zero byte");
  return { text, path: text };
}
