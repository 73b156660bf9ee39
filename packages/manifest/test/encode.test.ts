import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeGoJson, RawJson } from "../src/index.ts";

function encode(value: unknown): string {
  return Buffer.from(encodeGoJson(value)).toString();
}

function raw(text: string): RawJson {
  return new RawJson(Buffer.from(text));
}

// What Go 1.19 prints, as its documentation and its source's tests have it.
describe("encodeGoJson", () => {
  const known: readonly (readonly [unknown, string])[] = [
    ["<a> & b", String.raw`"\u003ca\u003e \u0026 b"`],
    ["\u2028\u2029\u007f", '"\\u2028\\u2029\u007f"'],
    ['\u0000\b\f\n\r\t\u001f"\\/', String.raw`"\u0000\u0008\u000c\n\r\t\u001f\"\\/"`],
    ["é😀\ufffd", '"é😀\ufffd"'],
    ["\ud800x\udc00😀\ud83d", String.raw`"\ufffdx\ufffd😀\ufffd"`],
    [0, "0"],
    [-0, "-0"],
    [1e20, "100000000000000000000"],
    [1e21, "1e+21"],
    [1e-6, "0.000001"],
    [1e-7, "1e-7"],
    [123456.789, "123456.789"],
    [12345678901234567890n, "12345678901234567890"],
    [true, "true"],
    [null, "null"],
    [[], "[]"],
    [{}, "{}"],
    [new Map(), "{}"],
    [{ b: 1, a: undefined, c: [null] }, '{"b":1,"c":[null]}'],
    [
      new Map([
        ["b", 1],
        ["a", 2],
        ["😀", 3],
        ["\uffee", 4],
        ["10", 5],
        ["9", 6],
      ]),
      '{"10":5,"9":6,"a":2,"b":1,"\uffee":4,"😀":3}',
    ],
    [new Uint8Array([0xfb, 0xff, 0xfe, 1]), '"+//+AQ=="'],
    [new Uint8Array(), '""'],
    [
      raw(' { "b" : [ 1.0 , 1e3 ] ,\n"a":"<&>\u2028 \\" \\u003C \\/" } '),
      String.raw`{"b":[1.0,1e3],"a":"\u003c\u0026\u003e\u2028 \" \u003C \/"}`,
    ],
  ];
  it.each(known.map(([value, text]) => ({ value, text })))("writes $text", ({ value, text }) => {
    expect(encode(value)).toBe(text);
  });

  it("writes what JSON.parse reads back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Go keeps the sign of zero, which JSON.stringify drops.
        expect(JSON.parse(encode(value).replaceAll("-0", "0"))).toEqual(
          JSON.parse(JSON.stringify(value).replaceAll("-0", "0")),
        );
      }),
    );
  });

  it("writes raw JSON as it writes the same values, where that has no other spelling", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.parse(encode(raw(text)))).toEqual(JSON.parse(text));
        expect(encode(raw(encode(value)))).toBe(encode(value));
        expect(encode(raw(text))).not.toMatch(/[<>&\u2028\u2029]/);
      }),
    );
  });

  it("keeps bytes of raw JSON that are no UTF-8", () => {
    expect(Buffer.from(encodeGoJson([new RawJson(Buffer.from([0x22, 0xff, 0x3c, 0x22]))]))).toEqual(
      Buffer.concat([Buffer.from('["'), Buffer.from([0xff]), Buffer.from('\\u003c"]')]),
    );
  });

  it("what JSON cannot hold is refused with ERR_DRAYAGE_USAGE", () => {
    const strangers = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      undefined,
      [undefined],
      Symbol("x"),
      new Map([[1, 2]]),
    ];
    for (const value of strangers) {
      expect(() => encodeGoJson(value)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
    }
  });
});
