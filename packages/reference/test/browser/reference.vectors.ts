import { familiarString, formatReference, parseNormalizedNamed } from "../../src/index.ts";
import { accepted, refused } from "../table.ts";

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

export const vectors: readonly { name: string; run(): void }[] = [
  {
    name: "every text of the table that Go's grammar takes is taken",
    run() {
      for (const { text, domain, path, tag, digest, familiar } of accepted) {
        const reference = parseNormalizedNamed(text);
        same(reference.domain, domain);
        same(reference.path, path);
        same(reference.tag, tag);
        same(reference.digest, digest);
        same(familiarString(reference), familiar);
        same(formatReference(parseNormalizedNamed(formatReference(reference))), formatReference(reference));
      }
    },
  },
  {
    name: "every other text of the table is refused",
    run() {
      for (const { text } of refused) {
        let code: unknown;
        try {
          parseNormalizedNamed(text);
        } catch (error) {
          code = (error as { code?: unknown }).code;
        }
        if (code !== "ERR_DRAYAGE_REFERENCE_INVALID")
          throw new Error(`${text.slice(0, 50)} gave ${String(code)}`);
      }
    },
  },
];
