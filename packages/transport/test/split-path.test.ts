import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinPath, otherReadings, splitPath } from "../src/index.ts";
import { errorOf } from "./support.ts";

const posix = { windows: false };
const windows = { windows: true };

describe("splitPath", () => {
  const cases: readonly [text: string, path: string, rest: string | undefined][] = [
    ["/tmp/x", "/tmp/x", undefined],
    ["/tmp/x:", "/tmp/x", ""],
    ["/tmp/x:latest", "/tmp/x", "latest"],
    ["/tmp/x:name:tag@1", "/tmp/x", "name:tag@1"],
    ["", "", undefined],
    [":x", "", "x"],
    ["a\\:b:c", "a:b", "c"],
    ["a\\:b", "a:b", undefined],
    ["a\\\\:b", "a\\", "b"],
    ["a\\b:c", "a\\b", "c"],
    ["a\\", "a\\", undefined],
    ["a:b\\:c", "a", "b\\:c"],
    ["C:/x", "C", "/x"],
  ];

  it.each(cases)("cuts %j at the first colon that is not escaped", (text, path, rest) => {
    expect(splitPath(text, posix)).toEqual({ path, rest });
  });

  it("keeps a drive with its path on Windows", () => {
    expect(splitPath("C:\\images\\x:latest", windows)).toEqual({ path: "C:\\images\\x", rest: "latest" });
    expect(splitPath("c:/images/x", windows)).toEqual({ path: "c:/images/x", rest: undefined });
    expect(splitPath("C:x", windows)).toEqual({ path: "C", rest: "x" });
    expect(splitPath("CD:/x", windows)).toEqual({ path: "CD", rest: "/x" });
  });

  it("follows the system where nothing is said", () => {
    expect(splitPath("C:/x").path).toBe(process.platform === "win32" ? "C:/x" : "C");
  });
});

describe("joinPath", () => {
  it("escapes no more than is needed", () => {
    expect(joinPath("/tmp/x", "latest", posix)).toBe("/tmp/x:latest");
    expect(joinPath("C:\\images\\x", "latest", windows)).toBe("C:\\images\\x:latest");
    expect(joinPath("C:\\images", undefined, posix)).toBe("C\\:\\images");
    expect(joinPath("a\\", "b", posix)).toBe("a\\\\:b");
  });

  it("refuses on Windows what would become a drive", async () => {
    expect((await errorOf(() => joinPath("C", "/x", windows))).code).toBe("ERR_DRAYAGE_REFERENCE_INVALID");
  });

  const text = fc.string({ unit: fc.constantFrom("a", "C", ":", "\\", "/", ".", "é") });

  it("writes what splitPath reads back, whatever the path and the rest", () => {
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (path, rest) => {
        expect(splitPath(joinPath(path, rest, posix), posix)).toEqual({ path, rest });
      }),
    );
  });

  it("does so on Windows too, or refuses", () => {
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (path, rest) => {
        let joined: string;
        try {
          joined = joinPath(path, rest, windows);
        } catch {
          expect(path).toMatch(/^[A-Za-z]$/);
          return;
        }
        expect(splitPath(joined, windows)).toEqual({ path, rest });
      }),
    );
  });
});

describe("otherReadings", () => {
  it("gives the path more and more of the rest, the longest first", () => {
    expect(otherReadings(splitPath("a:b.tar:name:tag", posix))).toEqual([
      { path: "a:b.tar:name:tag", rest: undefined },
      { path: "a:b.tar:name", rest: "tag" },
      { path: "a:b.tar", rest: "name:tag" },
    ]);
    expect(otherReadings(splitPath("a\\:b:c", posix))).toEqual([{ path: "a:b:c", rest: undefined }]);
  });

  it("are none where nothing follows the path, and few however many colons there are", () => {
    expect(otherReadings({ path: "a", rest: undefined })).toEqual([]);
    expect(otherReadings({ path: "a", rest: "" })).toEqual([]);
    expect(otherReadings({ path: "a", rest: "b:".repeat(100_000) })).toHaveLength(17);
  });
});
