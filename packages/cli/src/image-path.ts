/** An image, and a path in it. */
export interface ImagePath {
  readonly image: string;
  /** Absolute; undefined where the text names none. */
  readonly path: string | undefined;
}

/**
 * What `IMAGE:/path` may mean, the likeliest first. It is taken apart at its last `:/`, which is neither that of a scheme
 * (`oci-dir:/layout`) nor that of an address (`docker://host/name`). What may be a scheme may also be the name of an image
 * of the store (`alpine:/etc`).
 */
export function imagePaths(text: string): readonly ImagePath[] {
  const at = text.lastIndexOf(":/");
  const image = text.slice(0, Math.max(0, at));
  const path = text.slice(at + 1);
  const whole = { image: text, path: undefined };
  if (at <= 0 || path.startsWith("//")) return [whole];
  return image.includes(":") ? [{ image, path }] : [whole, { image, path }];
}

/**
 * `IMAGE:/PATH` for what may be one with the colon left out: `oci-dir:layout:app/etc`. Undefined where nothing speaks for it, as in
 * `docker://host:5000/name`.
 */
export function withPathColon(text: string): string | undefined {
  const [, image = "", path = ""] = /^([^/].*:[^:/]+)\/([^:]+)$/.exec(text) ?? [];
  return image === "" || /^[a-z-]+:\/\/[^/]*$/.test(image) ? undefined : `${image}:/${path}`;
}
