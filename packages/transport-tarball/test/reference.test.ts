import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tarball } from "../src/index.ts";

const transport = tarball();

describe("the reference of a tarball", () => {
  it.each([
    ["a.tar", ["a.tar"]],
    ["a.tar:b.tar.gz:/c/d", ["a.tar", "b.tar.gz", "/c/d"]],
    ["-", ["-"]],
    ["a.tar:-:b.tar", ["a.tar", "-", "b.tar"]],
    ["a\\:b.tar:c", ["a:b.tar", "c"]],
    ["./-:-", ["./-", "-"]],
  ])("%s names its files", (text, files) => {
    expect(transport.parse(text)).toEqual({ text, files });
  });

  it.each([
    ["", "a file's name is missing"],
    [":a", "a file's name is missing"],
    ["a:", "a file's name is missing"],
    ["a::b", "a file's name is missing"],
    ["-:a:-", "standard input can be only one layer"],
    ["a\0b", "a path has a NUL character"],
  ])("%j is refused", (text, reason) => {
    expect(() => transport.parse(text)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_REFERENCE_INVALID",
        message: expect.stringContaining(reason),
      }),
    );
  });

  it("parses again to the same files", () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== "-" && !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (files) => {
        const text = files.map((file) => file.replace(/[:\\]/g, "\\$&")).join(":");
        const reference = transport.parse(text);
        expect(reference.files).toEqual(files);
        expect(transport.parse(reference.text)).toEqual(reference);
      }),
    );
  });
});
