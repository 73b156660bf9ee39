const pattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Whether text may be a scheme: lower-case letters and digits, in parts joined by `-`, at most 64 characters. */
export function isScheme(text: unknown): text is string {
  return typeof text === "string" && text.length <= 64 && pattern.test(text);
}
