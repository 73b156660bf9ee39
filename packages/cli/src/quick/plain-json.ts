/** The longest document that is looked at: a compiled hash pays for larger ones. */
export const plainLimit: number = 64 * 1024;

const escapes: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

/**
 * The value of a JSON document that every reader reads alike: compact and in ASCII, as Go writes it or as JavaScript
 * does, so that no name stands twice and no number has two spellings. Undefined for all others.
 */
export function parsePlainJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  // Half a pair of surrogates is no text: two names that differ in that are one name for Go.
  if (!/^[ -~]*$/.test(text) || /\\u[dD][89a-fA-F]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const again = JSON.stringify(value);
    const isSame =
      again === text || again.replace(/[<>&]/g, (character) => escapes[character] ?? "") === text;
    return isSame ? value : undefined;
  } catch {
    // Whoever reads it with care says what is wrong.
    return undefined;
  }
}
