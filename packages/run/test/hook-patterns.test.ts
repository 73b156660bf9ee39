import { describe, expect, it } from "vitest";
import { finds } from "../src/hooks/finds.ts";
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
  ])("%j in %j: %j, as Go has it", (pattern, text, expected) => {
    expect(finds(goPattern(pattern, refuse), text)).toBe(expected);
  });

  it.each([
    ["(?=a)", "(?= is not supported; flags are taken at its beginning, (?i) and (?s)"],
    ["(?!a)", "(?! is not supported; flags are taken at its beginning, (?i) and (?s)"],
    ["(?<=a)", "(?<= is not supported; flags are taken at its beginning, (?i) and (?s)"],
    ["(?<!a)", "(?<! is not supported; flags are taken at its beginning, (?i) and (?s)"],
    ["a(?i)b", "(?i is not supported; flags are taken at its beginning, (?i) and (?s)"],
    ["(?", "(? is not supported; flags are taken at its beginning, (?i) and (?s)"],
    ["(a)\\1", "\\1 is not supported"],
    ["\\k<a>", "\\k is not supported"],
    ["\\u0041", "\\u is not supported"],
    ["\\Qa\\E", "\\Q is not supported"],
    ["[\\b]", "\\b is not supported"],
    ["a\\", "\\ is not supported"],
    ["[a", "a [ is not closed"],
    ["[]", "a [ is not closed"],
    ["[[:letter:]]", "[:letter:] is not supported"],
    ["[[:constructor:]]", "[:constructor:] is not supported"],
    ["[a-\\d]", "a range between brackets ends with no character"],
    ["[z-a]", "Range out of order in character class"],
    ["(a", "Unterminated group"],
    ["a)", "Unmatched ')'"],
    ["*a", "Nothing to repeat"],
    ["a**", "Nothing to repeat"],
    ["a{2}{3}", "Nothing to repeat"],
    ["a{3,2}", "numbers out of order in {} quantifier"],
    ["a{1001}", "{1001} is more than 1000"],
    ["\\p{Nowhere}", "Invalid property name"],
    ["\\x{110000}", /unicode escape|Invalid escape/i],
  ])("%j is refused", (pattern, why) => {
    const words = `the hook "/hooks.d/one.json" cannot be used: the pattern ${JSON.stringify(pattern)}: `;
    let said: unknown;
    try {
      goPattern(pattern, refuse);
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({ code: "ERR_DRAYAGE_CONFIGURATION_INVALID" });
    const { message } = said as Error;
    expect(message.startsWith(words)).toBe(true);
    if (typeof why === "string") expect(message.slice(words.length)).toBe(why);
    else expect(message.slice(words.length)).toMatch(why);
  });

  it("that is longer than 4096 characters is refused", () => {
    expect(() => goPattern("a".repeat(4097), refuse)).toThrow(/a pattern has 4097 characters/);
    expect(finds(goPattern("a".repeat(4096), refuse), "a")).toBe(false);
  });

  it("that would take for ever in a text is stopped, with ERR_DRAYAGE_LIMIT_EXCEEDED", () => {
    const pattern = goPattern("^(a+)+$", refuse);
    expect(finds(pattern, "a".repeat(20))).toBe(true);
    let said: unknown;
    try {
      finds(pattern, `${"a".repeat(200)}!`, 50);
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: expect.stringMatching(/the pattern "\^\(a\+\)\+\$" in "a+": it takes too long$/),
    });
  });
});
