// C0 and C1 controls, line and paragraph separators, and the bidirectional marks that can disguise text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is what this is for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

// Linear in the text's length: what may stand before the last at sign excludes the slashes that could start
// another match. A name with a digest (`docker://busybox@sha256:…`) is no credential.
const urlCredentials = /:\/\/[^\s/?#]*@(?!sha(?:256|384|512):)/g;

/** `text` with the credentials of the URLs in it replaced by `***`. */
export function redactUrls(text: string): string {
  return text.replace(urlCredentials, "://***@");
}

/** `text` as one printable line: control characters become a space, and credentials in URLs are hidden. */
export function sanitizeText(text: string): string {
  return redactUrls(text.replace(unprintable, " ")).trim();
}
