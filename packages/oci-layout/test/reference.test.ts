import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatLayoutPlace,
  isLayoutName,
  type LayoutPlace,
  parseLayoutPlace,
  refusePosition,
} from "../src/index.ts";

const parse = (text: string): LayoutPlace => parseLayoutPlace(text, "oci-dir");

describe("a reference to a layout", () => {
  it.each<[string, LayoutPlace]>([
    ["/tmp/x", { path: "/tmp/x" }],
    ["/tmp/x:", { path: "/tmp/x" }],
    ["x:latest", { path: "x", name: "latest" }],
    ["x:a:b", { path: "x", name: "a:b" }],
    ["x:docker.io/library/busybox:1.0", { path: "x", name: "docker.io/library/busybox:1.0" }],
    ["x:n@sha256:abc", { path: "x", name: "n@sha256:abc" }],
    ["x:@0", { path: "x", position: 0 }],
    ["x:@12", { path: "x", position: 12 }],
    ["a\\:b:c", { path: "a:b", name: "c" }],
    ["a\\\\:c", { path: "a\\", name: "c" }],
    ["a\\b", { path: "a\\b" }],
  ])("%s", (text, place) => {
    expect(parse(text)).toEqual(place);
    expect(parse(formatLayoutPlace(place))).toEqual(place);
  });

  it.each([
    "",
    ":x",
    "x:a//b",
    "x:-a",
    "x:a-",
    "x:a b",
    "x:@",
    "x:@-1",
    "x:@1x",
    "x:@9999999999",
    "x:é",
    "a\0b",
  ])("%j is refused", (text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID", hint: expect.any(String) as string }),
    );
  });

  it("is read as it was written, whatever the path", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((path) => !path.includes("\0")),
        fc.constantFrom(undefined, "v1", "a/b:c"),
        (path, name) => {
          const place = name === undefined ? { path } : { path, name };
          expect(parse(formatLayoutPlace(place))).toEqual(place);
        },
      ),
    );
  });

  it("takes the names that containers/image takes, in linear time", () => {
    for (const name of ["a", "a-b", "a--b", "a_b.c:d@e+f", "A/b--c/D"]) expect(isLayoutName(name)).toBe(true);
    for (const name of ["", "a---b", "a__b", "a-_b", "/a", "a/", "a--", "a\n"])
      expect(isLayoutName(name)).toBe(false);
    expect(isLayoutName(`${"a-".repeat(500_000)}!`)).toBe(false);
  });

  it("with a position is none to write to", () => {
    expect(() => refusePosition({ path: "x", position: 1 }, "oci-dir")).toThrow(
      '"oci-dir:x:@1": an image cannot be written to a position',
    );
    refusePosition({ path: "x" }, "oci-dir");
  });
});
