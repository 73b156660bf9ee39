import { isDrayageError } from "@drayage/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainValue } from "../src/json/node.ts";
import { depthLimit, parseJson, valueLimit } from "../src/json/parse.ts";
import { compareText, decodeUtf8 } from "../src/json/text.ts";

const options = { what: "text", code: "ERR_DRAYAGE_MANIFEST_INVALID", limit: 1 << 22 } as const;

function parse(text: string | Uint8Array): unknown {
  return plainValue(parseJson(typeof text === "string" ? Buffer.from(text) : text, options));
}

/** Without prototypes, so that deep equality looks at what was parsed alone. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("", " \n\t\r"), (text, space) => {
        expect(bare(parse(space + text + space))).toEqual(bare(JSON.parse(text)));
      }),
    );
  });

  it("takes exactly the texts that JSON.parse takes", () => {
    const piece = fc.constantFrom(
      ...[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        '"a"',
        '"b"',
        "\\",
        "\\u00",
        "e9",
        "1",
        "-",
        "0",
        ".",
        "e",
        "+",
        "E",
      ],
      ...[
        "true",
        "false",
        "null",
        " ",
        "\n",
        "\u0000",
        "\u001f",
        "\u00a0",
        "\ufeff",
        "/",
        "é",
        '"\\n"',
        "12",
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        let wanted: unknown;
        let valid = true;
        try {
          wanted = JSON.parse(text);
        } catch {
          valid = false;
        }
        try {
          const value = parse(text);
          expect(valid).toBe(true);
          expect(bare(value)).toEqual(bare(wanted));
        } catch (error) {
          if (!isDrayageError(error)) throw error;
          expect(valid && !error.message.includes("stands twice")).toBe(false);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["", "text: the JSON text ends where a value is expected (line 1, column 1)"],
    ['{"a":1,\n "b" 2}', 'text: not JSON: "2" where ":" is expected (line 2, column 6)'],
    ['{"a":1,\n "a":2}', 'text: the name "a" stands twice in one object (line 2, column 2)'],
    ['{"a":{"x":1,"\\u0078":1}}', 'text: the name "x" stands twice in one object (line 1, column 13)'],
    ["[1,]", 'text: not JSON: "]" where a value is expected (line 1, column 4)'],
    ["01", 'text: not JSON: "1" where the end is expected (line 1, column 2)'],
    ["1.", "text: the JSON text ends where a digit is expected (line 1, column 3)"],
    ['"\u0001"', "text: not JSON: byte 1 where the rest of a text in quotes is expected (line 1, column 2)"],
    ['"\\x"', 'text: not JSON: "x" where an escape is expected (line 1, column 3)'],
    ["\ufeff{}", "text: not JSON: byte 239 where a value is expected (line 1, column 1)"],
    ["tru", 'text: the JSON text ends where "true" is expected (line 1, column 4)'],
  ])("%j is refused: %s", (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_INVALID", message }),
    );
  });

  it("takes values as deep as the limit, and none deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(JSON.stringify(parse(nested(depthLimit)))).toBe(nested(depthLimit));
    expect(() => parse(nested(depthLimit + 1))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
    expect(() => parse("[".repeat(1 << 20))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
  });

  it("takes no more bytes and values than the limits", () => {
    const limited = { ...options, limit: 4 };
    expect(plainValue(parseJson(Buffer.from("[10]"), limited))).toEqual([10]);
    expect(() => parseJson(Buffer.from("[100]"), limited)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
    expect(() => parse(`[${"0,".repeat(valueLimit)}0]`)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
  });

  it("keeps a name like __proto__ as a name", () => {
    const value = parse('{"__proto__":{"a":1}}') as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect((value as { a?: number }).a).toBeUndefined();
  });

  it("reads each byte that is no UTF-8 as one U+FFFD, and lone surrogates likewise, as Go does", () => {
    const bytes = Buffer.concat([
      Buffer.from('["'),
      Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98, 0xc0, 0x80]),
      Buffer.from('","\\ud800x","\\udc00","\\ud83d\\ude00","\\ud800\\ud83d\\ude00"]'),
    ]);
    const bad = "\ufffd";
    expect(parse(bytes)).toEqual([`a${bad.repeat(3)}b${bad.repeat(8)}`, `${bad}x`, bad, "😀", `${bad}😀`]);
  });
});

describe("decodeUtf8", () => {
  it("is the inverse of encoding for all text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(decodeUtf8(Buffer.from(text))).toBe(Buffer.from(text).toString());
      }),
    );
  });

  it("makes one replacement of each invalid byte and changes nothing else", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 3 }).map((text) => ({ bytes: Buffer.from(text), text })),
      fc.constantFrom(0x80, 0xbf, 0xc0, 0xc1, 0xf5, 0xff).map((byte) => ({
        bytes: Buffer.from([byte]),
        text: "\ufffd",
      })),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const decoded = decodeUtf8(Buffer.concat(pieces.map(({ bytes }) => bytes)));
        expect(decoded).toBe(pieces.map(({ text }) => text).join(""));
      }),
    );
  });
});

describe("compareText", () => {
  it("orders as the bytes of UTF-8 do", () => {
    const text = fc.string({ unit: "binary" }).map((value) => Buffer.from(value).toString());
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareText("\uffee", "😀")).toBeLessThan(0);
  });
});
