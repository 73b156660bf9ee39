import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { transport } from "./fixtures.ts";

const busybox = {
  domain: "docker.io",
  path: "library/busybox",
  name: "docker.io/library/busybox",
  tag: "latest",
};

describe("the reference of an image in an archive", () => {
  it.each([
    ["a.tar", { path: "a.tar", text: "a.tar" }],
    [
      "a.tar:busybox",
      { path: "a.tar", dockerReference: busybox, text: "a.tar:docker.io/library/busybox:latest" },
    ],
    [
      "/x/a.tar:localhost:5000/b/c:1",
      {
        path: "/x/a.tar",
        dockerReference: { domain: "localhost:5000", path: "b/c", name: "localhost:5000/b/c", tag: "1" },
        text: "/x/a.tar:localhost:5000/b/c:1",
      },
    ],
    ["a.tar:@0", { path: "a.tar", index: 0, text: "a.tar:@0" }],
    ["a\\:b.tar:@12", { path: "a:b.tar", index: 12, text: "a\\:b.tar:@12" }],
    ["a\\:b", { path: "a:b", text: "a\\:b" }],
  ])("%s is read", (text, wanted) => {
    expect(transport.parse(text)).toEqual(wanted);
  });

  it.each([
    ["", "the path is missing"],
    [":busybox", "the path is missing"],
    ["a\0.tar", "the path has a NUL character"],
    ["a.tar:", "a name is missing"],
    ["a.tar:UPPER", "upper-case"],
    [`a.tar:b@sha256:${"0".repeat(64)}`, "has no digest in its name"],
    [`a.tar:b:1@sha256:${"0".repeat(64)}`, "has no digest in its name"],
    ["a.tar:@", "after @ stands the index"],
    ["a.tar:@-1", "an index is not negative"],
    ["a.tar:@1x", "after @ stands the index"],
    ["a.tar:@9999999999", "after @ stands the index"],
  ])("%j is refused", (text, reason) => {
    expect(() => transport.parse(text)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_REFERENCE_INVALID",
        message: expect.stringContaining(reason),
      }),
    );
  });

  it("of any path parses again to the same", () => {
    const path = fc.string({ minLength: 1 }).filter((text) => !text.includes("\0"));
    const suffix = fc.constantFrom("", ":busybox", ":@3", ":quay.io/a/b:c");
    fc.assert(
      fc.property(path, suffix, (file, rest) => {
        const reference = transport.parse(file.replace(/[:\\]/g, "\\$&") + rest);
        expect(reference.path).toBe(file);
        expect(transport.parse(reference.text)).toEqual(reference);
      }),
    );
  });
});
