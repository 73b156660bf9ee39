import { describe, expect, it } from "vitest";
import { goPattern } from "../src/hooks/go-pattern.ts";
import { refusing } from "../src/hooks/refuse.ts";

const refuse = refusing("/hooks.d/one.json");

describe("a pattern of a hook", () => {
  it.each([
    ["", "", true],
    ["sh", "/bin/bash", true],
    ["^sh", "/bin/sh", false],
    [".*/init$", "/sbin/init", true],
    [".*/init$", "/sbin/init2", false],
    ["^(?:a|b)+$", "abba", true],
    ["^(?P<name>a)(?<other>b)(c)$", "abc", true],
    ["a.c", "a\nc", false],
    ["a.c", "a\r\u2028c", false],
    ["a..c", "a\r\u2028c", true],
    ["(?s)a.c", "a\nc", true],
    ["(?i)^fluid$", "FLUID", true],
    ["(?is)^a.B$", "A\nb", true],
    ["^.$", "😀", true],
    ["^😀$", "😀", true],
    ["\\Aa\\z", "a", true],
    ["a$", "a\n", false],
    ["\\bsh\\b", "/bin/sh -c", true],
    ["\\Bsh", "/bin/bash", true],
    ["^\\d\\w\\s$", "1_ ", true],
    ["^\\s$", "\u00a0", false],
    ["^\\S$", "\u00a0", true],
    ["^[\\S]$", "\u00a0", true],
    ["^[^\\d-z]$", "5", false],
    ["^[\\d-z]$", "-", true],
    ["^\\x41\\x{1F600}$", "A😀", true],
    ["^\\a\\f\\n\\r\\t\\v$", "\x07\f\n\r\t\v", true],
    ["^com\\.example\\.department$", "com.example.department", true],
    ["^\\-\\/\\_\\~$", "-/_~", true],
    ["^[]a]$", "]", true],
    ["^[^]a]$", "]", false],
    ["^[a-]$", "-", true],
    ["^[a\\-z]$", "b", false],
    ["^[+--]$", ",", true],
    ["^[[a&&b(){}|/]+$", "[a&&b(){}|/", true],
    ["^[\\x41-\\x43]$", "B", true],
    ["^[[:alpha:]_[:^digit:]]$", "!", true],
    ["^[[:alpha:]]$", "1", false],
    ["^[[:xdigit:]]{2,3}$", "aF0", true],
    ["^[^[:space:]]+$", "a b", false],
    ["a{,2}", "a{,2}", true],
    ["a{", "a{", true],
    ["}]", "}]", true],
    ["^\\pL\\p{Lu}\\P{N}$", "aAa", true],
    ["^\\p{Greek}$", "λ", true],
    ["^\\P{Greek}$", "λ", false],
    ["^a{3}$", "aaa", true],
    ["a+?b*?c??", "a", true],
    ["constructor", "constructor", true],
    ["^a(?i)b$", "aB", true],
    ["^\\Qa.\\E$", "a.", true],
  ])("%j in %j: %j, as Go has it", (pattern, text, expected) => {
    expect(goPattern(pattern, refuse).test(text)).toBe(expected);
  });

  it.each([
    "(?=a)",
    "(?<!a)b",
    "(a)\\1",
    "[\\b]",
    "a\\",
    "[]",
    "[a-\\d]",
    "[z-a]",
    "(a",
    "a**",
    "a{1001}",
    "\\p{Nowhere}",
  ])("%j is refused, as Go refuses it", (pattern) => {
    const words = `the hook "/hooks.d/one.json" cannot be used: the pattern ${JSON.stringify(pattern)}: error parsing regexp: `;
    expect(() => goPattern(pattern, refuse)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
        message: expect.stringContaining(words),
      }),
    );
  });

  it("that is longer than 4096 characters is refused", () => {
    expect(() => goPattern("a".repeat(4097), refuse)).toThrow(/a pattern has 4097 characters/);
    expect(goPattern("a".repeat(4096), refuse).test("a")).toBe(false);
  });

  it("with repetitions within repetitions takes time in proportion to the text", () => {
    expect(goPattern("^(a+)+$", refuse).test(`${"a".repeat(100_000)}!`)).toBe(false);
  });
});
