import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coveredLength, findRegistry, type RegistriesConfig, type RegistryEntry } from "../src/index.ts";

describe("a prefix holds", () => {
  it.each([
    ["quay.io/podman/stable", "quay.io", 7],
    ["quay.io/podman/stable", "quay.io/podman", 14],
    ["quay.io/podman/stable", "quay.io/podman/stable", 21],
    ["quay.io/podman/stable:1", "quay.io/podman/stable", 21],
    ["quay.io/podman/stable@sha256:00", "quay.io/podman/stable", 21],
    ["quay.io/podman/stable", "quay.io/pod", -1],
    ["quay.io/podman", "quay.io/podman/stable", -1],
    ["quay.io.example.com/a", "quay.io", -1],
    ["quay.io:5000/a", "quay.io:5000", 12],
    // As for the Go tools, which call it unintended.
    ["quay.io:5000/a", "quay.io", 7],
    ["a.example.com/b", "*.example.com", 13],
    ["a.b.example.com:5000/c", "*.example.com", 15],
    ["example.com/b", "*.example.com", -1],
    ["a.example.com.org/b", "*.example.com", -1],
    ["aexample.com/b", "*.example.com", -1],
    ["host/a.example.com", "*.example.com", -1],
    // Go looks at the first occurrence only, and so lets this one through.
    ["a.example.com.example.com/b", "*.example.com", 25],
  ])("of %s: %s for %i characters", (name, prefix, length) => {
    expect(coveredLength(name, prefix)).toBe(length);
  });
});

describe("the registry of a name", () => {
  const part = fc.constantFrom("a", "b", "ab");
  const host = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.constantFrom("", ":1", ":11"))
    .map(([labels, port]) => `${labels.join(".")}${port}`);
  const path = fc.array(part, { maxLength: 3 }).map((parts) => parts.map((text) => `/${text}`).join(""));
  const name = fc.tuple(host, path, part).map(([domain, middle, last]) => `${domain}${middle}/${last}`);
  const wildcard = fc.array(part, { minLength: 1, maxLength: 2 }).map((labels) => `*.${labels.join(".")}`);
  const prefix = fc.oneof(
    fc.tuple(host, path).map(([domain, rest]) => domain + rest),
    wildcard,
  );

  /** All prefixes that there are for a name, written out: the rule said another way. */
  function holding(text: string): ReadonlySet<string> {
    const prefixes = new Set<string>([text]);
    for (const [index, character] of [...text].entries()) {
      if (character === "/" || character === ":") prefixes.add(text.slice(0, index));
    }
    const labels = (/^[^/:]*/.exec(text)?.[0] ?? "").split(".");
    for (let first = 1; first < labels.length; first += 1) prefixes.add(`*.${labels.slice(first).join(".")}`);
    return prefixes;
  }

  it("is that of the longest prefix that holds", () => {
    fc.assert(
      fc.property(name, fc.uniqueArray(prefix, { maxLength: 12 }), (wanted, prefixes) => {
        const config = configOf(prefixes);
        const lengths = prefixes.filter((text) => holding(wanted).has(text)).map((text) => text.length);
        const found = findRegistry(config, wanted)?.prefix;
        if (lengths.length === 0) expect(found).toBe(undefined);
        else {
          expect(found?.length).toBe(Math.max(...lengths));
          expect(holding(wanted)).toContain(found);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function configOf(prefixes: readonly string[]): RegistriesConfig {
  const registries = prefixes.map(
    (prefix): RegistryEntry => ({ prefix, insecure: false, blocked: false, mirrors: [], origin: "test" }),
  );
  return {
    registries,
    unqualifiedSearchRegistries: [],
    credentialHelpers: [],
    shortNameMode: "permissive",
    aliases: new Map(),
    files: [],
  };
}
