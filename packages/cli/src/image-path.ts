/** An image, and a path in it. */
export interface ImagePath {
  readonly image: string;
  /** Absolute; undefined where the text names none. */
  readonly path: string | undefined;
}

/**
 * Takes `IMAGE:/path` apart at its last `:/`, which is neither that of a scheme (`oci-dir:/layout`) nor that of an address
 * (`docker://host/name`).
 */
export function splitImagePath(text: string): ImagePath {
  const at = text.lastIndexOf(":/");
  const image = text.slice(0, Math.max(0, at));
  const path = text.slice(at + 1);
  if (at < 0 || path.startsWith("//") || !image.includes(":")) return { image: text, path: undefined };
  return { image, path };
}
