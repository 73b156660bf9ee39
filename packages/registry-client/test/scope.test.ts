import fc from "fast-check";
import { expect, it } from "vitest";
import {
  coversScopes,
  formatScopes,
  mergeScopes,
  noScope,
  parseScopes,
  repositoryScope,
  type Scopes,
} from "../src/scope.ts";

const resource = fc.constantFrom(
  "repository:a",
  "repository:a/b",
  "repository:host:5000/a",
  "registry:catalog",
);
const actions = fc.uniqueArray(fc.constantFrom("pull", "push", "delete", "*"), { minLength: 1 });
const scopes: fc.Arbitrary<Scopes> = fc
  .array(fc.tuple(resource, actions))
  .map((pairs) => mergeScopes(...pairs.map((pair) => new Map([pair]))));

it("scopes are merged resource by resource", () => {
  const merged = mergeScopes(
    repositoryScope("b", "pull"),
    repositoryScope("a", "push", "pull"),
    repositoryScope("b", "push"),
    repositoryScope("a", "pull"),
  );
  expect(formatScopes(merged)).toEqual(["repository:a:pull,push", "repository:b:pull,push"]);
});

it("merging knows no order and no number of times", () => {
  fc.assert(
    fc.property(scopes, scopes, scopes, (a, b, c) => {
      const merged = formatScopes(mergeScopes(a, b, c));
      expect(formatScopes(mergeScopes(c, mergeScopes(b, a), a))).toEqual(merged);
      expect(formatScopes(mergeScopes(a, noScope))).toEqual(formatScopes(a));
    }),
  );
});

it("what is merged covers its parts, and is covered by no part that lacks something", () => {
  fc.assert(
    fc.property(scopes, scopes, (a, b) => {
      const merged = mergeScopes(a, b);
      expect(coversScopes(merged, a) && coversScopes(merged, b)).toBe(true);
      if (coversScopes(a, b)) return;
      expect(coversScopes(a, merged)).toBe(false);
    }),
  );
});

it("formatted and parsed again they are the same", () => {
  fc.assert(
    fc.property(scopes, (a) => {
      expect(formatScopes(parseScopes(formatScopes(a).join(" ")))).toEqual(formatScopes(a));
    }),
  );
});

it("what is no scope is left out", () => {
  expect(
    formatScopes(parseScopes("repository:a:pull  nonsense :: a: repository::pull repository:b: x:y:z")),
  ).toEqual(["repository:a:pull", "x:y:z"]);
  expect(formatScopes(parseScopes("repository(plugin):a/b:pull"))).toEqual(["repository(plugin):a/b:pull"]);
  expect(parseScopes(`repository:${"a".repeat(5000)}:pull`)).toEqual(noScope);
});

it("an asterisk covers every action", () => {
  expect(coversScopes(parseScopes("repository:a:*"), parseScopes("repository:a:delete,pull"))).toBe(true);
  expect(coversScopes(parseScopes("repository:a:pull"), parseScopes("repository:a:*"))).toBe(false);
});
