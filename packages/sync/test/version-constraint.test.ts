import fc from "fast-check";
import { satisfies } from "semver";
import { describe, expect, it } from "vitest";
import { versionConstraint } from "../src/index.ts";

const test = (constraint: string, tag: string): boolean => versionConstraint(constraint, "here")(tag);

describe("versionConstraint", () => {
  // The table of Masterminds/semver's README, and what its code makes of the corners.
  it.each([
    [">= 3.12.0", "3.12.0", true],
    [">= 3.12.0", "3.11.9", false],
    [">=3.12", "v3.12", true],
    ["= 2.0", "2.0.9", true],
    ["2.0", "2.1.0", false],
    ["1", "1.9.9", true],
    ["!= 4.1", "4.1.0", false],
    ["!= 4.1", "4.2.0", true],
    ["!=4.x", "4.9.0", false],
    ["> 11", "11.1.0", false],
    ["> 11", "12.0.0", true],
    ["> 11.1", "11.1.1", false],
    ["> 11.1", "11.2.0", true],
    ["<= 11", "11.9.9", true],
    ["<= 11", "12.0.0", false],
    ["<= 11.1", "11.1.9", true],
    ["=< 1.2.3", "1.2.3", true],
    ["=> 1.2.3", "1.2.3", true],
    ["< 1.2", "1.2.0", false],
    ["~1.2.3", "1.2.9", true],
    ["~1.2.3", "1.3.0", false],
    ["~1.2", "1.2.0", true],
    ["~1.2", "1.3.0", false],
    ["~> 1", "1.9.0", true],
    ["~1", "2.0.0", false],
    ["~0.0.0", "7.0.0", true],
    ["^1.2.3", "1.9.0", true],
    ["^1.2.3", "2.0.0", false],
    ["^0.2.3", "0.2.9", true],
    ["^0.2.3", "0.3.0", false],
    ["^0.0.3", "0.0.4", false],
    ["^0.0", "0.0.9", true],
    ["^0.0", "0.1.0", false],
    ["^0", "0.9.9", true],
    ["^0", "1.0.0", false],
    ["^*", "9.0.0", true],
    ["*", "0.0.1", true],
    ["1.2 - 1.4.5", "1.4.5", true],
    ["1.2 - 1.4.5", "1.4.6", false],
    [">= 1.2, < 3.0.0 || >= 4.2.3", "2.9.9", true],
    [">= 1.2, < 3.0.0 || >= 4.2.3", "3.0.0", false],
    [">= 1.2 < 3.0.0 || >= 4.2.3", "4.2.3", true],
    [">1, !=1.5.0", "2.0.0", true],
    // Pre-releases count where the same part of the constraint has one: all of them, not only those of one version.
    [">= 3.1", "3.2-alpine", false],
    [">= 3.1-0", "3.2-alpine", true],
    [">= 3.1-0, < 4", "3.9.9-rc1", true],
    [">= 3.1-0 || < 2", "1.0.0-rc1", false],
    ["^1.2.3-beta", "2.0.0-alpha", false],
    ["~1.2.3-beta.2", "1.2.3-beta.11", true],
    ["!=1.2.3", "1.2.4-rc1", false],
    ["1.2.3", "1.2.3+build.7", true],
    ["1.2.3", "01.2.03", true],
    // No versions at all.
    ["*", "latest", false],
    ["*", "1.2.3.4", false],
    ["*", "1.2.3-01", false],
    ["*", "99999999999999999999", false],
    ["*", "", false],
  ])("%s on %s: %s", (constraint, tag, matches) => {
    expect(test(constraint, tag)).toBe(matches);
  });

  it.each(["", "foo", ">= ", "1.2.3.4", ">= 1, || ", "><1", "1.2 -", ">= 1.2-01", "1".repeat(1001)])(
    "%.40j is refused with its place",
    (constraint) => {
      expect(() => versionConstraint(constraint, "list.yml:7:3")).toThrow(
        /list\.yml:7:3: .* is no constraint/,
      );
    },
  );

  it("agrees with npm on released versions and full numbers", () => {
    const number = fc.integer({ min: 0, max: 4 });
    const full = fc.tuple(number, number, number).map((numbers) => numbers.join("."));
    const operator = fc.constantFrom("", "=", ">", "<", ">=", "<=", "~", "^");
    const comparison = fc.tuple(operator, full).map((parts) => parts.join(""));
    const constraint = fc
      .array(fc.array(comparison, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.map((all) => all.join(" ")).join(" || "));
    fc.assert(
      fc.property(constraint, full, (text, version) => {
        // Masterminds takes ~0.0.0 for any version.
        fc.pre(!/~0\.0\.0/.test(text));
        expect(test(text, version)).toBe(satisfies(version, text));
        const listed = text.split(" || ").map((part) => part.replaceAll(" ", ", "));
        expect(test(listed.join("||"), `v${version}`)).toBe(satisfies(version, text));
      }),
    );
  });

  it("agrees with npm on versions that are not written out", () => {
    const number = fc.integer({ min: 0, max: 3 });
    const full = fc.tuple(number, number, number).map((numbers) => numbers.join("."));
    const partial = fc.oneof(
      number.map(String),
      fc.tuple(number, number).map((numbers) => numbers.join(".")),
      number.map((major) => `${major}.x`),
    );
    const operator = fc.constantFrom("", "=", ">", "<", ">=", "<=", "~", "^");
    fc.assert(
      fc.property(operator, partial, full, (sign, text, version) => {
        expect(test(sign + text, version)).toBe(satisfies(version, sign + text));
      }),
    );
  });
});
