import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Challenge, parseChallenges } from "../src/challenge.ts";

type Plain = readonly [scheme: string, parameters: Readonly<Record<string, string>>, token68?: string];

function plain(challenges: readonly Challenge[]): Plain[] {
  return challenges.map(({ scheme, parameters, token68 }) =>
    token68 === undefined
      ? [scheme, Object.fromEntries(parameters)]
      : [scheme, Object.fromEntries(parameters), token68],
  );
}

describe("challenges are read", () => {
  const cases: readonly (readonly [text: string, ...challenges: Plain[]])[] = [
    [""],
    [" , ,, "],
    ["Basic", ["basic", {}]],
    ['Basic realm="registry"', ["basic", { realm: "registry" }]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      [
        "bearer",
        {
          realm: "https://auth.docker.io/token",
          service: "registry.docker.io",
          scope: "repository:a/b:pull,push",
        },
      ],
    ],
    [
      'Bearer realm = "x" , error=insufficient_scope',
      ["bearer", { realm: "x", error: "insufficient_scope" }],
    ],
    [
      'Basic realm="a, b", Bearer realm="c\\"d\\\\e" ,,, Negotiate',
      ["basic", { realm: "a, b" }],
      ["bearer", { realm: 'c"d\\e' }],
      ["negotiate", {}],
    ],
    ["Negotiate YWJj==, Basic REALM=x", ["negotiate", {}, "YWJj=="], ["basic", { realm: "x" }]],
    ["Negotiate , Basic", ["negotiate", {}], ["basic", {}]],
    ["A, B c=d, E", ["a", {}], ["b", { c: "d" }], ["e", {}]],
    ["A b=, C", ["a", {}, "b="], ["c", {}]],
    ['Basic realm=""', ["basic", { realm: "" }]],
  ];
  for (const [text, ...challenges] of cases) {
    it(JSON.stringify(text), () => expect(plain(parseChallenges(text))).toEqual(challenges));
  }
});

describe("what is malformed is refused", () => {
  const cases = [
    'Basic realm="open',
    'Basic realm="a" b',
    'Basic realm="a"b="c"',
    'Basic realm="a", realm="b"',
    'Basic realm="a", REALM="b"',
    "Basic realm=x y",
    'Basic realm="a\\',
    'Basic realm="a\nb"',
    '"Basic"',
    "=",
    "Basic a b",
    'Basic realm=a="b"',
    `Basic ${Array.from({ length: 33 }, (_, index) => `a${index}=b`).join(",")}`,
    Array.from({ length: 17 }, () => "Basic").join(","),
    `Basic realm="${"a".repeat(8192)}"`,
  ];
  for (const text of cases) {
    it(JSON.stringify(text.slice(0, 60)), () => {
      expect(() => parseChallenges(text)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_REGISTRY" }));
    });
  }
});

const tokenText = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
const valueText = fc.string({ unit: fc.constantFrom(...'ab \t,;="\\:/é€'.split("")), maxLength: 12 });
const challengeList = fc.array(
  fc.record({
    scheme: tokenText,
    parameters: fc.uniqueArray(fc.tuple(tokenText, valueText, fc.boolean()), {
      selector: ([name]) => name.toLowerCase(),
      maxLength: 5,
    }),
  }),
  { maxLength: 5 },
);

it("whatever was written is read, however it is quoted and spaced", () => {
  const comma = fc.constantFrom(",", ", ", " ,\t", ",, ,");
  fc.assert(
    fc.property(challengeList, fc.infiniteStream(comma), (challenges, commas) => {
      const items: string[] = [];
      for (const { scheme, parameters } of challenges) {
        const texts = parameters.map(([name, value, quote]) => {
          const bare = !quote && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value);
          return `${name}=${bare ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
        });
        const [first, ...rest] = texts;
        items.push(first === undefined ? scheme : `${scheme} ${first}`, ...rest);
      }
      const text = items
        .map((item, index) => (index === 0 ? item : `${commas.next().value}${item}`))
        .join("");
      expect(plain(parseChallenges(text))).toEqual(
        challenges.map(({ scheme, parameters }) => [
          scheme.toLowerCase(),
          Object.fromEntries(parameters.map(([name, value]) => [name.toLowerCase(), value])),
        ]),
      );
    }),
  );
});

it("any text is read or refused with one code, and in time", () => {
  const text = fc.string({ unit: fc.constantFrom(...'aB =,"\\\t;é/+'.split("")), maxLength: 200 });
  fc.assert(
    fc.property(text, (header) => {
      try {
        parseChallenges(header);
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
      }
    }),
  );
  for (const piece of ['a="', 'a="\\', "a ", "a=", ",", "a b=c,", '"\\"'])
    try {
      parseChallenges(piece.repeat(8192 / piece.length));
    } catch (error) {
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
    }
});
