import { isDrayageError } from "@drayage/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goPattern } from "../src/index.ts";

describe("goPattern", () => {
  it.each([
    // What users of skopeo have written, and what stands in its manual.
    [String.raw`^1\.13\.[12]-alpine-perl$`, "1.13.1-alpine-perl", true],
    [String.raw`^1\.13\.[12]-alpine-perl$`, "1.13.3-alpine-perl", false],
    ["alpine", "3.1-alpine-slim", true],
    [String.raw`^v\d+\.\d+$`, "v1.22", true],
    [String.raw`^v\d+\.\d+$`, "v1.22\n", false],
    ["(?i)^LATEST$", "latest", true],
    ["(?s-m)^a.b$", "a\nb", true],
    ["^(?P<major>[0-9]+)$", "12", true],
    ["a(?i)b", "aB", true],
    [String.raw`^\p{L}$`, "é", true],
    [String.raw`\Av1\z`, "v1", true],
    [String.raw`(?m)\Av1\z`, "x\nv1", false],
    ["^[[:alpha:]_]+$", "ab_C", true],
    ["^[[:digit:][:lower:]]+$", "ab_C", false],
    ["^[]a]+$", "a]a", true],
    ["^[^]a]+$", "b[", true],
    ["^[[a]+$", "[a", true],
    [String.raw`^\Q1.2+3\E$`, "1.2+3", true],
    [String.raw`^\Q1.2\E$`, "1x2", false],
    [String.raw`^\x31\x{32}\063$`, "123", true],
    [String.raw`1\-2`, "1-2", true],
    [String.raw`^[\d.\-]+$`, "1.2-3", true],
    [String.raw`^[\s]$`, "\v", false],
  ])("%s on %j: %s", (pattern, text, matches) => {
    expect(goPattern(pattern, "here")(text)).toBe(matches);
  });

  it.each([
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["(?<!a)b", "invalid named capture"],
    [String.raw`(a)\1`, "invalid escape sequence"],
    ["^(?<a>1)(?<a>2)$", "duplicate capture group name"],
    ["(?x)a", "invalid or unsupported Perl syntax"],
    ["[a", "missing closing ]"],
    ["[[:no:]]", "invalid character class range"],
    ["a\\", "trailing backslash"],
    ["(", "missing closing )"],
    ["*", "missing argument to repetition operator"],
    ["a".repeat(1001), "more than 1000"],
  ])("%s is refused", (pattern, why) => {
    const refused = (): unknown => goPattern(pattern, "list.yml:3:4");
    expect(refused).toThrow(why);
    expect(refused).toThrow("list.yml:3:4");
  });

  it("repetitions within repetitions take time in proportion to the text", () => {
    expect(goPattern("^(a+)+$", "here")(`${"a".repeat(100_000)}!`)).toBe(false);
  });

  it("any text gives a pattern or an error of ours", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 10 }), (pattern, text) => {
        try {
          goPattern(pattern, "here")(text);
        } catch (error) {
          expect(isDrayageError(error, "ERR_DRAYAGE_CONFIGURATION_INVALID")).toBe(true);
        }
      }),
    );
  });

  it("text without special characters matches itself, also when each of its characters is escaped", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{1,20}$/), (text) => {
        expect(goPattern(`^\\Q${text.replaceAll("\\E", "")}\\E$`, "here")(text.replaceAll("\\E", ""))).toBe(
          true,
        );
        const escaped = text.replace(/[^A-Za-z0-9]/g, "\\$&");
        expect(goPattern(`^${escaped}$`, "here")(text)).toBe(true);
      }),
    );
  });
});
