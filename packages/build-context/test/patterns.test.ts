import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIgnoreFile } from "../src/patterns/ignore-file.ts";
import { ignoreMatcher } from "../src/patterns/ignore-matcher.ts";
import { parseIgnorePattern } from "../src/patterns/ignore-pattern.ts";
import { namePattern } from "../src/patterns/name-pattern.ts";
import { patternIndex } from "../src/patterns/pattern-index.ts";
import { simpleIgnoreMatcher } from "./support/simple-ignore-matcher.ts";

/** Patterns, a path, and whether it is excluded. */
const excluded: readonly (readonly [string, string, boolean])[] = [
  ["**", "file", true],
  ["**/", "file", true],
  ["**", "dir/file", true],
  ["**/**", "dir/file", true],
  ["dir/**", "dir/file", true],
  ["dir/**", "dir/dir2/file", true],
  ["dir/**", "dir", false],
  ["dir/**", "dirfile", false],
  ["**/dir", "dir", true],
  ["**/dir", "a/b/dir", true],
  ["**/dir", "dir/file", true],
  ["**/dir", "adir", false],
  ["**/dir2/*", "dir/dir2/file", true],
  ["**/dir2/**", "dir/dir2/dir3/file", true],
  ["**file", "file", true],
  ["**file", "dir/file", true],
  // moby looks at the end alone where nothing else is special.
  ["**file", "dir/profile", true],
  ["**/file*", "dir/dir/file.txt", true],
  ["**/file*.txt*", "dir/dir/file.txt", true],
  ["**/**/*.txt", "file.txt", true],
  ["**/**/*.txt2", "dir/dir/file.txt", false],
  ["a**/*.txt", "a/dir/dir/file.txt", true],
  ["a**/*.txt", "ab/file.txt", true],
  ["a/*.txt", "a/dir/file.txt", false],
  ["a/*.txt**", "a/file.txt", true],
  ["a[b-d]e", "ace", true],
  ["a[b-d]e", "aae", false],
  ["a[^b-d]e", "aze", true],
  [".*", ".foo", true],
  [".*", "foo", false],
  ["abc.def", "abcZdef", false],
  ["abc?def", "abcZdef", true],
  ["abc?def", "abc/def", false],
  ["**/.foo", "bar.foo", false],
  ["a(b)c/def", "a(b)c/def", true],
  ["a.|)$(}+{bc", "a.|)$(}+{bc", true],
  ["dist/*.whl", "dist/proxy.py-2.4.0+g08-none-any.whl", true],
  ["a\\\\", "a\\", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["a\\*b", "a\\*b", false],
  ["a?b", "a☺b", true],
  ["[a-ζ]*", "α", true],
  ["a/../b", "b", true],
  ["./a//b/", "a/b/c", true],
  // What Go's regular expressions make of a backslash.
  ["v\\d", "v1", true],
  ["v\\d", "vd", false],
  ["v\\D", "vd", true],
  ["a\\-b", "a-b", true],
  ["*a*a*a*", "baabab", true],
  ["a b", "a b", true],
];

describe("ignore patterns", () => {
  it.each(excluded)("%j: %j is excluded: %j", (pattern, path, is) => {
    const matcher = ignoreMatcher([pattern]);
    expect(matcher.stateOf(path).isExcluded).toBe(is);
  });

  it.each([
    [["a", "!a/b"], "a/b", false],
    [["a", "!a/b"], "a/b/c", false],
    [["a", "!a/b"], "a/c", true],
    [["!a/b", "a"], "a/b", true],
    [["a", "!a/b", "a/b/c"], "a/b/c/d", true],
    [["a", "!a/b", "a"], "a/b", true],
    [["**", "!dir/sub", "dir/sub/x"], "dir/sub/x", true],
    [["**", "!dir/sub"], "dir/sub/x", false],
    [["docs/*", "!docs/README.md"], "docs/README.md", false],
    [["*.go", "!main.go"], "main.go", false],
    [["  a  ", ""], "a", true],
  ] as const)("%j: %j is excluded: %j", (patterns, path, is) => {
    expect(ignoreMatcher(patterns).stateOf(path).isExcluded).toBe(is);
  });

  it.each(["[", "[^", "[]a]", "[-x]", "[x-]", "[a-b-c]", "a[", "\\", "a\\", "!", " ! ", "\\q", "\\1"])(
    "%j is refused",
    (pattern) => {
      expect(() => ignoreMatcher([pattern])).toThrowError(
        expect.objectContaining({
          code: "ERR_DRAYAGE_USAGE",
          message: expect.stringContaining("no ignore pattern"),
        }),
      );
    },
  );

  it.each([
    [["a", "!a/b/c"], "a", true],
    [["a", "!a/b/c"], "a/b", true],
    [["a", "!a/b/c"], "a/x", false],
    [["a", "!a/*/c"], "a/x", true],
    [["a", "!**/*.md"], "a/b", true],
    [["!a/b", "a"], "a", false],
    [["a", "!b"], "a", false],
    [["a", "!a/**"], "a", true],
    [["a"], "a", false],
  ] as const)("%j: something in %j may be included: %j", (patterns, folder, is) => {
    const matcher = ignoreMatcher(patterns);
    expect(matcher.mayInclude(folder, matcher.stateOf(folder))).toBe(is);
  });

  it("what may be included is found in every excluded folder around it", () => {
    const name = fc.constantFrom("a", "b", "ab", "c");
    const path = fc.array(name, { minLength: 2, maxLength: 5 });
    const part = fc.constantFrom("a", "b", "*", "**", "?", "a*", "[ab]", "*b");
    const pattern = fc
      .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 4 }))
      .map(([isException, parts]) => `${isException ? "!" : ""}${parts.join("/")}`);
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 5 }), path, (patterns, parts) => {
        const matcher = ignoreMatcher(patterns);
        if (matcher.stateOf(parts.join("/")).isExcluded) return true;
        return parts.slice(1).every((_, index) => {
          const folder = parts.slice(0, index + 1).join("/");
          const state = matcher.stateOf(folder);
          return !state.isExcluded || matcher.mayInclude(folder, state);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it("decides as a look at every pattern does", () => {
    const name = fc.constantFrom("a", "b", "ab", "a.js", "b.js", "é", "[x]", "long".repeat(20));
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
    const part = fc.oneof(
      name,
      fc.constantFrom(
        "*",
        "**",
        "?",
        "a*",
        "*b",
        "*.js",
        "[ab]",
        "[^a]",
        "a?",
        "\\[x\\]",
        "**b",
        "a**",
        "**.js",
      ),
    );
    const pattern = fc
      .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 4 }))
      .map(([isException, parts]) => `${isException ? "!" : ""}${parts.join("/")}`)
      .filter((text) => !text.includes("[x]") || text.includes("\\"));
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { maxLength: 12 }),
        fc.array(path, { maxLength: 6 }),
        (patterns, paths) => {
          const matcher = ignoreMatcher(patterns);
          const simple = simpleIgnoreMatcher(patterns);
          for (const one of paths) {
            const state = matcher.stateOf(one);
            expect([one, state.isExcluded]).toEqual([one, simple.isExcluded(one)]);
            expect([one, matcher.mayInclude(one, state)]).toEqual([one, simple.mayInclude(one)]);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("patterns without brackets and escapes are what regular expressions make of them, of which the last decides", () => {
    const piece = fc.constantFrom("a", "b", "/", "*", "**", "?", ".", "**/", "/**", "*a");
    const text = fc.array(fc.constantFrom("a", "b", "/", ".", "ab"), { minLength: 1, maxLength: 8 });
    // Something plain in front and a `?` keep out the three kinds that moby does not make expressions of.
    const pattern = fc
      .array(piece, { minLength: 2, maxLength: 6 })
      .map((pieces) => `x?${pieces.join("")}`)
      .filter((one) => !one.includes("//") && !one.endsWith("/") && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(one));
    const line = fc.record({ pattern, isException: fc.boolean() });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), text, (lines, letters) => {
        const parts = `x${letters.join("")}`.split("/");
        const last = lines.findLast((one) => {
          const regular = expressionOf(one.pattern);
          return parts.some((_, index) => regular.test(parts.slice(0, index + 1).join("/")));
        });
        const matcher = ignoreMatcher(lines.map((one) => `${one.isException ? "!" : ""}${one.pattern}`));
        return matcher.stateOf(parts.join("/")).isExcluded === (last?.isException === false);
      }),
      { numRuns: 3000 },
    );
  });

  it("of equal patterns the last decides", () => {
    const matcher = ignoreMatcher(["a", "!a", "b", "!b", "a"]);
    expect(["a", "b"].map((path) => matcher.stateOf(path).isExcluded)).toEqual([true, false]);
  });

  it.each([
    ["paths", (at: number) => `d/f${at}.js`],
    ["names in any folder", (at: number) => `**/f${at}.js`],
    ["beginnings", (at: number) => `d/f${at}.*`],
    ["ends", (at: number) => `**/?${at}.js`],
    ["folders", (at: number) => `d/f${at}.js**`],
  ])("not every pattern is looked at for every path: %s", (_, line) => {
    let looks = 0;
    const patterns = Array.from({ length: 1000 }, (__, at) => parseIgnorePattern(line(at)))
      .filter((pattern) => pattern !== undefined)
      .map(({ matches, ...pattern }) => ({
        ...pattern,
        matches(path: string) {
          looks += 1;
          return matches(path);
        },
      }));
    const index = patternIndex(patterns);
    expect([7, 300, 999].map((at) => index.lastMatch(`d/f${at}.js`, -1))).toEqual([7, 300, 999]);
    expect(index.lastMatch("d/f7.js", 500)).toBe(500);
    expect(looks).toBeLessThan(20);
  });

  it("more than a quarter of a million patterns are refused, before any is read", () => {
    const lines = Array.from({ length: 250_001 }, (_, at) => `f${at}`);
    expect(() => ignoreMatcher(lines)).toThrowError(
      expect.objectContaining({
        code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
        message: "there are 250001 ignore patterns, where at most 250000 are accepted",
        hint: expect.stringContaining("**/*.log") as string,
      }),
    );
  });

  it("a pattern may be of any length", () => {
    const long = "a".repeat(300_000);
    expect(ignoreMatcher([long, `?b${long}`]).stateOf(long).isExcluded).toBe(true);
  });

  it("no pattern takes long, however many stars it has", () => {
    const matcher = ignoreMatcher([`${"*a".repeat(30)}b`, `${"**/a*".repeat(20)}/b`]);
    expect(matcher.stateOf("a".repeat(250)).isExcluded).toBe(false);
    expect(matcher.stateOf(Array.from({ length: 500 }, () => "aaa").join("/")).isExcluded).toBe(false);
  });
});

/** As moby's patternmatcher makes it of a pattern of letters, dots, slashes, stars and question marks. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*\/?$|\*\*\/?|\*|\?|\./g, (found, at: number) => {
    if (found === "*") return "[^/]*";
    if (found === "?") return "[^/]";
    if (found === ".") return "\\.";
    return at + found.length === pattern.length ? ".*" : "(?:.*/)?";
  });
  return new RegExp(`^${source}$`, "u");
}

describe("ignore files", () => {
  it.each([
    ["\ufeffa\n", ["a"]],
    ["#a\n #b\n", ["#b"]],
    ["a\r\nb\r\n", ["a", "b"]],
    ["  a  \n\t\n\n!  b \n", ["a", "!b"]],
    ["/a/b/\n!/c\n/\n", ["a/b", "!c", "/"]],
    ["a//b/../c\n", ["a/c"]],
    ["!\n", ["!"]],
    ["a", ["a"]],
    ["", []],
  ] as const)("%j is %j", (text, patterns) => {
    expect(parseIgnoreFile(text)).toEqual(patterns);
  });

  it("a line of 64 KiB is refused", () => {
    expect(() => parseIgnoreFile(`a\n${"x".repeat(65_536)}`)).toThrowError(
      expect.objectContaining({
        code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
        message: expect.stringContaining("line 2"),
      }),
    );
  });
});

/** A pattern, a name, and whether it matches; undefined for no pattern. Go's own table. */
const names: readonly (readonly [string, string, boolean | undefined])[] = [
  ["abc", "abc", true],
  ["*", "abc", true],
  ["*c", "abc", true],
  ["a*", "a", true],
  ["a*", "ab/c", false],
  ["a*/b", "abc/b", true],
  ["a*/b", "a/c/b", false],
  ["a*b*c*d*e*/f", "axbxcxdxexxx/f", true],
  ["a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false],
  ["a*b?c*x", "abxbbxdbxebxczzx", true],
  ["a*b?c*x", "abxbbxdbxebxczzy", false],
  ["ab[^e-g]", "abc", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "ab", false],
  ["a[^a]b", "a☺b", true],
  ["a???b", "a☺b", false],
  ["*[a-ζ]", "A", false],
  ["[\\]a]", "]", true],
  ["[x\\-]", "-", true],
  ["[\\-x]", "a", false],
  ["\\d", "d", true],
  ["[]a]", "]", undefined],
  ["[-]", "-", undefined],
  ["[x-]", "x", undefined],
  ["[a-b-c]", "a", undefined],
  ["[^bc", "a", undefined],
  ["a[", "ab", undefined],
  ["\\", "a", undefined],
  ["*x", "xxx", true],
];

describe("patterns of sources", () => {
  it.each(names)("%j matches %j: %j", (pattern, name, matches) => {
    expect(namePattern(pattern)?.(name)).toBe(matches);
  });
});
