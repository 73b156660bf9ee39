import { digestBytes, parseDigest } from "@drayage/digest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  familiarName,
  familiarString,
  formatReference,
  isNameOnly,
  parseAnyReference,
  parseDockerRef,
  parseNamed,
  parseNormalizedNamed,
  parseReference,
  tagNameOnly,
  trimNamed,
  withDigest,
  withName,
  withTag,
} from "../src/index.ts";
import { accepted, hex64, refused, sha256, sha512 } from "./table.ts";

function brief(text: string): string {
  return text.length > 90 ? `${text.slice(0, 80)}… (${text.length} characters)` : text;
}

describe("parseNormalizedNamed", () => {
  it.each(accepted.map((row) => [brief(row.text), row] as const))("takes %j", (_, row) => {
    const { text, domain, path, tag, digest, familiar } = row;
    const reference = parseNormalizedNamed(text);
    expect(reference).toEqual({
      domain,
      path,
      name: domain === "" ? path : `${domain}/${path}`,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    });
    expect(Object.isFrozen(reference)).toBe(true);
    expect(familiarString(reference)).toBe(familiar);
  });

  it.each(refused.map((row) => [brief(row.text), row] as const))("refuses %j", (_, { text, reason }) => {
    const shown = text.length > 300 ? `${text.slice(0, 60)}…` : text;
    expect(() => parseNormalizedNamed(text)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }),
    );
    // The message has no control characters, so that those of the text cannot be compared.
    if (/\p{Cc}/u.test(text)) return;
    expect(() => parseNormalizedNamed(text)).toThrow(
      `${JSON.stringify(shown)} is not an image reference: ${reason}`,
    );
  });

  it("says why a digest within a reference is none", () => {
    expect(() => parseNormalizedNamed(`busybox@md5:${"0".repeat(32)}`)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_REFERENCE_INVALID",
        message: expect.stringContaining(`the algorithm "md5" is not known`),
      }),
    );
    expect(() => parseNormalizedNamed(`busybox@sha256:${"A".repeat(64)}`)).toThrow(
      "it has upper-case hex digits",
    );
    expect(() => parseNormalizedNamed(`busybox@sha512:${hex64}`)).toThrow("sha512 takes 128 hex digits");
  });
});

describe("parseReference", () => {
  it.each([
    ["busybox", "", "busybox"],
    ["foo/bar", "foo", "bar"],
    ["foo/bar/baz", "foo", "bar/baz"],
    ["Foo/bar", "Foo", "bar"],
    ["foo_bar/baz", "", "foo_bar/baz"],
    ["localhost:5000/x", "localhost:5000", "x"],
    ["[fd00::1]/x", "[fd00::1]", "x"],
  ])("takes the first part of %j for the domain %j", (text, domain, path) => {
    const name = domain === "" ? path : `${domain}/${path}`;
    expect(parseReference(text)).toEqual({ domain, path, name });
  });

  it("takes 64 hex digits for a name, as Go's does", () => {
    expect(parseReference(hex64)).toEqual({ domain: "", path: hex64, name: hex64 });
  });

  it.each(["", "Busybox", "a:b:c", "a b", `${"a/".repeat(128)}a`, "a".repeat(256)])("refuses %j", (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }),
    );
  });
});

it("a name may have 255 characters", () => {
  expect(withName(`quay.io/${"a".repeat(247)}`).name).toHaveLength(255);
  expect(() => withName(`quay.io/${"a".repeat(248)}`)).toThrow("the name has more than 255 characters");
  expect(() => withName("busybox:1")).toThrow(
    expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }),
  );
});

describe("changing a reference", () => {
  const busybox = parseNormalizedNamed("busybox");
  const both = parseNormalizedNamed(`busybox:1@${sha256}`);

  it("a tag or digest is set beside the other", () => {
    expect(formatReference(withTag(busybox, "2"))).toBe("docker.io/library/busybox:2");
    expect(formatReference(withTag(both, "2"))).toBe(`docker.io/library/busybox:2@${sha256}`);
    expect(formatReference(withDigest(both, parseDigest(sha512)))).toBe(
      `docker.io/library/busybox:1@${sha512}`,
    );
    expect(formatReference(trimNamed(both))).toBe("docker.io/library/busybox");
  });

  it.each(["", ".a", "-a", "a:b", "a/b", "é", "t".repeat(129), "a".repeat(10_000_000)])(
    "what is no tag is refused",
    (tag) => {
      expect(() => withTag(busybox, tag)).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }),
      );
    },
  );

  it("latest is only added where there is neither tag nor digest", () => {
    expect(formatReference(tagNameOnly(busybox))).toBe("docker.io/library/busybox:latest");
    expect(tagNameOnly(both)).toBe(both);
    const digested = parseNormalizedNamed(`busybox@${sha256}`);
    expect(tagNameOnly(digested)).toBe(digested);
    expect([busybox, both, digested].map(isNameOnly)).toEqual([true, false, false]);
  });
});

it("parseDockerRef names one image: by digest before tag, and latest where there is none", () => {
  expect(formatReference(parseDockerRef("busybox"))).toBe("docker.io/library/busybox:latest");
  expect(formatReference(parseDockerRef("busybox:1"))).toBe("docker.io/library/busybox:1");
  expect(formatReference(parseDockerRef(`busybox:1@${sha256}`))).toBe(`docker.io/library/busybox@${sha256}`);
  expect(formatReference(parseDockerRef(`busybox@${sha256}`))).toBe(`docker.io/library/busybox@${sha256}`);
});

it("parseNamed takes only what is written in full", () => {
  expect(formatReference(parseNamed("docker.io/library/busybox:1"))).toBe("docker.io/library/busybox:1");
  expect(() => parseNamed("busybox")).toThrow(
    expect.objectContaining({
      message: `"busybox" is not an image reference: it is not written in full`,
      hint: "write docker.io/library/busybox",
    }),
  );
});

it("parseAnyReference takes IDs and digests too", () => {
  expect(parseAnyReference(hex64)).toBe(sha256);
  expect(parseAnyReference(sha256)).toBe(sha256);
  expect(parseAnyReference(sha512)).toBe(sha512);
  expect(parseAnyReference("busybox")).toEqual(parseNormalizedNamed("busybox"));
  // Not a digest, so a name with a tag, as in Go.
  expect(parseAnyReference(`sha256:${hex64.slice(1)}`)).toMatchObject({
    path: "library/sha256",
    tag: hex64.slice(1),
  });
});

describe("properties", () => {
  const alphanumeric = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  const component = fc
    .array(fc.tuple(alphanumeric, fc.constantFrom(".", "_", "__", "-", "--", "---")), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) =>
      parts.map(([word, separator], index) => (index === 0 ? word : separator + word)).join(""),
    );
  const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const domain = fc.oneof(
    fc.constantFrom("docker.io", "localhost", "[::1]:80", "[fd00:1::2]"),
    fc
      .tuple(fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?\.[a-z]{2,3}$/), fc.nat(65535))
      .map(([host, port]) => (port % 2 === 0 ? host : `${host}:${port}`)),
  );
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
  const digest = fc.uint8Array({ maxLength: 4 }).map((bytes) => digestBytes(bytes));
  const rest = fc
    .tuple(fc.option(tag), fc.option(digest))
    .map(([t, d]) => `${t === null ? "" : `:${t}`}${d === null ? "" : `@${d}`}`);

  it("parsing what was formatted gives the same reference", () => {
    fc.assert(
      fc.property(domain, path, rest, (host, name, suffix) => {
        const text = `${host}/${name}${suffix}`;
        const reference = parseReference(text);
        expect(formatReference(reference)).toBe(text);
        const normalized = parseNormalizedNamed(text);
        expect(parseNormalizedNamed(formatReference(normalized))).toEqual(normalized);
        expect(parseReference(formatReference(normalized))).toEqual(normalized);
      }),
    );
  });

  it("the familiar form of a familiar name is the name, and means the same image", () => {
    fc.assert(
      fc.property(path, rest, (name, suffix) => {
        const [first = ""] = name.split("/", 1);
        fc.pre(!name.includes("/") || !(/[.:]/.test(first) || first === "localhost" || first === "library"));
        const text = `${name}${suffix}`;
        const reference = parseNormalizedNamed(text);
        expect(familiarString(reference)).toBe(text);
        expect(parseNormalizedNamed(familiarString(reference))).toEqual(reference);
        expect(familiarName(reference)).toBe(name);
      }),
    );
  });

  it("text is either parsed to something that formats to a normal form of it, or refused with the code", () => {
    const unit = fc.constantFrom(..."aB0._-/:@[]% \n", "sha256:", "localhost", "docker.io/", hex64);
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        try {
          const reference = parseNormalizedNamed(text);
          expect(
            formatReference(reference).endsWith(text.replace(/^(index\.)?docker\.io\/(library\/)?/, "")),
          ).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_DRAYAGE_REFERENCE_INVALID" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it("hostile text that is as long as is looked at is refused at once", () => {
  for (const unit of ["a", "a-", "a.", "-", "a/", "a:", "a@", "A", "[", ":", "a__", "1:1/"]) {
    const text = unit.repeat(Math.floor(1024 / unit.length));
    for (const end of ["", "!", "/", ":", "@"]) {
      expect(() => parseReference((text + end).slice(-1024))).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }),
      );
    }
  }
});

it("a password before a host is not told", () => {
  for (const text of ["ann:hunter2@quay.io/app", "ann:hun@ter2@quay.io:5000/app:1"]) {
    expect(() => parseNormalizedNamed(text)).toThrow(/^"\*\*\*@quay\.io/);
  }
  // What stands before a digest is no password.
  expect(() => parseNormalizedNamed("app:1@sha256:00")).toThrow(/^"app:1@sha256:00"/);
});
