import { mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  abortError,
  DrayageError,
  errnoOf,
  ioError,
  isDrayageError,
  redactUrls,
  sanitizeText,
  throwIfAborted,
  withSide,
} from "../src/index.ts";

describe("DrayageError", () => {
  it("carries what it was made with", () => {
    const cause = new Error("why");
    const error = new DrayageError("ERR_DRAYAGE_IO", "it failed", {
      op: "open dir:/x",
      side: "source",
      hint: "try again",
      retryable: true,
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "DrayageError",
      code: "ERR_DRAYAGE_IO",
      message: "it failed",
      op: "open dir:/x",
      side: "source",
      hint: "try again",
      retryable: true,
    });
    expect(error.cause).toBe(cause);
  });

  it("is not retryable, and has no cause, unless said so", () => {
    const error = new DrayageError("ERR_DRAYAGE_IO", "it failed");
    expect(error.retryable).toBe(false);
    expect("cause" in error).toBe(false);
  });

  it("says one line without control characters and credentials, also in op and hint", () => {
    const bad = "https://me:secret@host/x\n\u001b[31mred\u202e";
    const error = new DrayageError("ERR_DRAYAGE_IO", bad, { op: bad, hint: bad });
    const good = "https://***@host/x [31mred";
    expect([error.message, error.op, error.hint]).toEqual([good, good, good]);
  });
});

describe("isDrayageError", () => {
  it("knows errors of another copy of the package, by brand and code", () => {
    const other = { [Symbol.for("@drayage/error")]: true, code: "ERR_DRAYAGE_USAGE" };
    expect(isDrayageError(other)).toBe(true);
    expect(isDrayageError(other, "ERR_DRAYAGE_USAGE")).toBe(true);
    expect(isDrayageError(other, "ERR_DRAYAGE_IO")).toBe(false);
  });

  it("knows a plugin's own codes", () => {
    const error: unknown = new DrayageError<"ERR_ZIP_FULL">("ERR_ZIP_FULL", "full");
    expect(isDrayageError<"ERR_ZIP_FULL">(error, "ERR_ZIP_FULL")).toBe(true);
  });

  it.each([undefined, null, "ERR_DRAYAGE_IO", new Error("x"), { code: "ERR_DRAYAGE_IO" }])(
    "refuses %j",
    (value) => {
      expect(isDrayageError(value)).toBe(false);
    },
  );
});

describe("withSide", () => {
  it("fills in the side, and keeps the rest with the stack", () => {
    const error = new DrayageError("ERR_DRAYAGE_IO", "it failed", {
      op: "read",
      hint: "h",
      retryable: true,
      cause: 1,
    });
    const sided = withSide(error, "destination");
    expect(sided).toMatchObject({ side: "destination", op: "read", hint: "h", retryable: true, cause: 1 });
    expect((sided as Error).stack).toBe(error.stack);
  });

  it("leaves a known side, and what is not ours, as they are", () => {
    const error = new DrayageError("ERR_DRAYAGE_IO", "it failed", { side: "source" });
    const other = new Error("x");
    expect(withSide(error, "destination")).toBe(error);
    expect(withSide(other, "destination")).toBe(other);
  });
});

describe("abort", () => {
  it("throws nothing without a signal, or before it is aborted", () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  });

  it("throws ERR_DRAYAGE_ABORTED with the signal's reason for its cause", () => {
    const expected = { code: "ERR_DRAYAGE_ABORTED", message: "interrupted", op: "copy", cause: "ctrl-c" };
    expect(() => throwIfAborted(AbortSignal.abort("ctrl-c"), "copy")).toThrow(
      expect.objectContaining(expected),
    );
    expect(abortError("ctrl-c", "copy")).toMatchObject(expected);
  });
});

describe("ioError", () => {
  function errorOf(run: () => unknown): unknown {
    try {
      run();
    } catch (error) {
      return error;
    }
    return undefined;
  }

  it("names operation, path and reason of a real system error", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    try {
      const file = path.join(folder, "absent");
      const cause = errorOf(() => readFileSync(file));
      expect(ioError(cause, "read", { side: "source" })).toMatchObject({
        code: "ERR_DRAYAGE_IO",
        message: `cannot read "${file}": no such file or directory (ENOENT)`,
        op: "read",
        side: "source",
        cause,
      });
    } finally {
      rmdirSync(folder);
    }
  });

  it("gives a hint where there is something to do, and takes the path that it is given", () => {
    const full = Object.assign(new Error("write"), { code: "ENOSPC", path: "/secret" });
    expect(ioError(full, "write", { path: "layer 1" })).toMatchObject({
      message: `cannot write "layer 1": no space left on the device (ENOSPC)`,
      hint: "free some space and run the command again",
    });
    expect(ioError(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }), "write")).toMatchObject({
      message: "cannot write: the reader closed the pipe (EPIPE)",
    });
  });

  it("gives the system's own words for what it does not know", () => {
    const odd = Object.assign(new Error("EXDEV: cross-device link"), { code: "EXDEV" });
    expect(ioError(odd, "rename")).toMatchObject({
      message: "cannot rename: EXDEV: cross-device link (EXDEV)",
    });
  });

  it("leaves what is no system error as it is", () => {
    for (const error of [
      new Error("x"),
      new DrayageError("ERR_DRAYAGE_USAGE", "x"),
      Object.assign(new Error("x"), { code: "ERR_INVALID_ARG_TYPE" }),
      Object.assign(new Error("x"), { code: 5 }),
      null,
      "ENOENT",
    ]) {
      expect(ioError(error, "read")).toBe(error);
      expect(errnoOf(error)).toBeUndefined();
    }
  });
});

describe("text made safe to print", () => {
  it.each([
    ["https://host/path", "https://host/path"],
    ["https://me:secret@host/path", "https://***@host/path"],
    ["https://me@host", "https://***@host"],
    ["https://me:p@ss@host/x@y", "https://***@host/x@y"],
    ["get https://a:b@c and https://d:e@f/g", "get https://***@c and https://***@f/g"],
    ["docker://quay.io/app@sha256:0123", "docker://quay.io/app@sha256:0123"],
    ["docker://busybox@sha256:0123", "docker://busybox@sha256:0123"],
    ["https://host/?mail=a@b", "https://host/?mail=a@b"],
    ["://@", "://***@"],
    ["a@b", "a@b"],
  ])("hides credentials in %j", (text, expected) => {
    expect(redactUrls(text)).toBe(expected);
  });

  it("is one line, with a space for any run of what cannot be printed", () => {
    expect(sanitizeText("a\r\n\tb\u0000\u009bc")).toBe("a b c");
    expect(sanitizeText("\u2066a\u2069\u061c \u2028b\u200f")).toBe("a   b");
    expect(sanitizeText(" größe → 3 ")).toBe("größe → 3");
  });

  it("has no control character left, and no secret, whatever comes", () => {
    const unit = fc.constantFrom("://", "@", "/", ":", "a", "\n", "\u001b", "\u202e", " ", "?");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.stringMatching(/^[a-z]{3,8}$/), (noise, word) => {
        const text = sanitizeText(`${noise} https://me:${word.toUpperCase()}@host/${noise}`);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
        expect(text).not.toContain(word.toUpperCase());
      }),
    );
  });

  it("is made in time that grows with its length alone", () => {
    for (const unit of ["://", "@", "://a", "a", ":", "/", "\u0000"]) {
      expect(sanitizeText(unit.repeat(300_000)).length).toBeLessThanOrEqual(unit.length * 300_000);
    }
  });
});
