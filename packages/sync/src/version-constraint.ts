import { DrayageError } from "@drayage/errors";
import { compare, SemVer } from "semver";

/** Whether a tag is a version that satisfies a constraint. What is no version does not. */
export type VersionTest = (tag: string) => boolean;

/**
 * A constraint on versions as skopeo's users write it: in the words of Masterminds/semver 3.5, which differ from npm's.
 * `where` names its place in messages.
 *
 * - A tag may lack minor and patch, have a `v` before it and leading zeros: `v1.02` is 1.2.0.
 * - `,` and blanks mean and, `||` means or.
 * - Versions with a pre-release (`3.1-alpine` is one) only count where one version of the same `||` part has one, too.
 *   Then all in its range count, not only those of the same three numbers.
 * - Numbers above 2^53 are no versions here.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID
 */
export function versionConstraint(text: string, where: string): VersionTest {
  const fail = (part: string): DrayageError =>
    new DrayageError(
      "ERR_DRAYAGE_CONFIGURATION_INVALID",
      `${where}: ${JSON.stringify(part)} is no constraint on versions`,
      { hint: "write for example >= 3.12, < 4 or ~1.2 || ^2.0.1" },
    );
  if (text.length > 1000) throw fail(`${text.slice(0, 40)}…`);
  const alternatives = text.split("||").map((part) => parseAll(part, () => fail(part)));
  return (tag) => {
    const version = parseVersion(tag);
    if (version === undefined) return false;
    return alternatives.some(
      (comparisons) =>
        (version.prerelease.length === 0 || comparisons.some(({ hasPrerelease }) => hasPrerelease)) &&
        comparisons.every(({ accepts }) => accepts(version)),
    );
  };
}

const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const versionPattern = new RegExp(
  `^v?(\\d{1,16})(?:\\.(\\d{1,16}))?(?:\\.(\\d{1,16}))?(?:-(${identifiers}))?(?:\\+${identifiers})?$`,
);

function parseVersion(text: string): SemVer | undefined {
  const [, major = "0", minor = "0", patch = "0", prerelease] = versionPattern.exec(text) ?? [undefined, ""];
  return major === "" ? undefined : makeVersion([major, minor, patch], prerelease);
}

function makeVersion(numbers: readonly (string | number)[], prerelease?: string): SemVer | undefined {
  const core = numbers.map(Number).join(".");
  try {
    return new SemVer(prerelease === undefined ? core : `${core}-${prerelease}`);
  } catch {
    // A number too large, or a pre-release with leading zeros: semver.org says that it is no version.
    return undefined;
  }
}

interface Comparison {
  readonly hasPrerelease: boolean;
  readonly accepts: (version: SemVer) => boolean;
}

const partPattern = `v?(\\d{1,16}|[xX*])(?:\\.(\\d{1,16}|[xX*]))?(?:\\.(\\d{1,16}|[xX*]))?(?:-(${identifiers}))?(?:\\+${identifiers})?`;
const comparisonPattern = new RegExp(`^(!=|>=|=>|<=|=<|~>|[=<>~^])?\\s*${partPattern}$`);
const rangePattern = /(\S+)\s+-\s+(\S+)/g;

function parseAll(text: string, fail: () => DrayageError): readonly Comparison[] {
  const tokens = text
    .replace(rangePattern, ">=$1 <=$2")
    // An operator may stand apart from its version.
    .replace(/([=<>~^!])\s+/g, "$1")
    .trim()
    .split(/\s*,\s*|\s+/);
  return tokens.map((token) => parseComparison(token, fail));
}

function parseComparison(token: string, fail: () => DrayageError): Comparison {
  const match = comparisonPattern.exec(token);
  if (match === null) throw fail();
  const [, operator = "", ...parts] = match;
  const prerelease = parts[3];
  const given = parts
    .slice(0, 3)
    .map((part) => (part === undefined || /[xX*]/.test(part) ? undefined : part));
  // After a wildcard nothing counts: 1.x.3 is 1.x.
  const wildcard = given.indexOf(undefined);
  const known = (wildcard < 0 ? given : given.slice(0, wildcard)).map(Number);
  const low = makeVersion([known[0] ?? 0, known[1] ?? 0, known[2] ?? 0], prerelease);
  if (low === undefined) throw fail();
  return { hasPrerelease: prerelease !== undefined, accepts: comparison(operator, low, known.length) };
}

/** How many of a version's numbers must stay the same: 3, 2, 1, or 0 where any version will do. */
type Fixed = 0 | 1 | 2 | 3;

function comparison(operator: string, low: SemVer, known: number): (version: SemVer) => boolean {
  const isFull = known === 3;
  const isFrom = (version: SemVer): boolean => compare(version, low) >= 0;
  const isAbove = (version: SemVer): boolean => compare(version, low) > 0;
  const sameNumbers = (version: SemVer, count: number): boolean =>
    numbersOf(version)
      .slice(0, count)
      .every((number, at) => number === numbersOf(low)[at]);
  const within = (fixed: Fixed) => (version: SemVer) => isFrom(version) && sameNumbers(version, fixed);
  const equals = isFull
    ? (version: SemVer) => compare(version, low) === 0
    : within(Math.min(known, 2) as Fixed);
  const beyond = (version: SemVer): boolean => {
    // Above all of a range: > 11 begins at 12.
    const at = numbersOf(version).findIndex((number, index) => number !== numbersOf(low)[index]);
    return isAbove(version) && (known === 0 || (at >= 0 && at < known));
  };
  switch (operator) {
    case "":
    case "=":
      return equals;
    case "!=":
      return (version) => !(isFull ? equals(version) : sameNumbers(version, known));
    case ">":
      return isFull ? isAbove : beyond;
    case ">=":
    case "=>":
      return isFrom;
    case "<":
      return (version) => compare(version, low) < 0;
    case "<=":
    case "=<":
      return isFull ? (version) => !isAbove(version) : (version) => known === 0 || !beyond(version);
    case "^":
      return within(caretFixed(low, known));
    default:
      return within(isAnyVersion(low, known) ? 0 : (Math.min(known, 2) as Fixed));
  }
}

function numbersOf({ major, minor, patch }: SemVer): readonly number[] {
  return [major, minor, patch];
}

/** `~0.0.0` is taken for `>=0.0.0`, as Masterminds/semver has it. */
function isAnyVersion({ major, minor, patch }: SemVer, known: number): boolean {
  return known === 0 || (known === 3 && major === 0 && minor === 0 && patch === 0);
}

function caretFixed({ major, minor }: SemVer, known: number): Fixed {
  if (known === 0) return 0;
  if (major > 0 || known === 1) return 1;
  return minor > 0 || known === 2 ? 2 : 3;
}
