import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatGoDuration,
  parseChangeLine,
  parseChangeLines,
  parseGoDuration,
  shellWords,
} from "../../src/index.ts";
import { expandVariables } from "../../src/state/expand.ts";

describe("words of a flag", () => {
  it.each([
    ["a  b\tc", ["a", "b", "c"]],
    [`'a b' "c d" e\\ f`, ["a b", "c d", "e f"]],
    [`a'b'"c"`, ["abc"]],
    ["'' \"\"", ["", ""]],
    ["$(a b) `c d`", ["$(a b)", "`c d`"]],
    ["a; b", ["a"]],
    ["a 2>b", ["a"]],
    ["", []],
  ])("%s", (line, words) => {
    expect(shellWords(line, "--cmd")).toEqual(words);
  });
  it.each(["'", '"', "a\\", "$(", "(a)", ")", "`"])("%s is refused, and a list is proposed", (line) => {
    expect(() => shellWords(line, "--cmd")).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_USAGE", hint: expect.stringContaining("JSON list") }),
    );
  });
  it("words without special characters come back", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z/.=:-]{1,9}$/)), (words) => {
        expect(shellWords(words.join(" "), "x")).toEqual(words);
      }),
    );
  });
});

describe("durations", () => {
  it.each([
    ["1m30s", 90e9],
    ["1.5h", 5400e9],
    ["-2ms", -2e6],
    ["+1us", 1e3],
    ["1µs", 1e3],
    [".5s", 0.5e9],
    ["1.s", 1e9],
    ["0", 0],
  ])("%s", (text, nanoseconds) => {
    expect(parseGoDuration(text, "x")).toBe(nanoseconds);
  });
  it.each(["", "1", "s", ".s", "1d", "1s ", "1 s", "--1s", "9999999h"])("%j is none", (text) => {
    expect(() => parseGoDuration(text, "--x")).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }),
    );
  });
  it("what is written is read again", () => {
    expect(formatGoDuration(90e9)).toBe("1m30s");
    expect(formatGoDuration(3_600_000_000_001)).toBe("1h0m0.000000001s");
    expect(formatGoDuration(1500)).toBe("1.5µs");
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (nanoseconds) => {
        expect(
          Math.abs(parseGoDuration(formatGoDuration(nanoseconds), "x") - nanoseconds),
        ).toBeLessThanOrEqual(1);
      }),
    );
  });
});

it("variables are replaced as Go replaces them", () => {
  const values: Readonly<Record<string, string>> = { A: "1", AB: "2", "1": "one", $: "dollar" };
  const expand = (text: string): string => expandVariables(text, (name) => values[name] ?? `<${name}>`);
  expect(expand("$A${A}B$AB-$C")).toBe("11B2-<C>");
  expect(expand("$1$12")).toBe("oneone2");
  expect(expand("$$A")).toBe("dollarA");
  expect(expand("${} ${ $ $,")).toBe("  $ $,");
  expect(expand("${a b}$")).toBe("<a b>$");
});

describe("changes as lines of a Dockerfile", () => {
  it.each([
    ['CMD ["a", "b c"]', { cmd: ["a", "b c"] }],
    ["CMD a b", { cmd: ["/bin/sh", "-c", "a b"] }],
    ["entrypoint /run", { entrypoint: ["/bin/sh", "-c", "/run"], cmd: [] }],
    ["ENV a=b c='d e' f=\"g $X\" h=i\\ j", { variables: { a: "b", c: "d e", f: "g 1", h: "i j" } }],
    ["ENV a b c", { variables: { a: "b c" } }],
    [
      "ENV a='$X' b=\\$X c=${X:-y} d=${N:-y} e=${X:+z}.",
      { variables: { a: "$X", b: "$X", c: "1", d: "y", e: "z." } },
    ],
    ["LABEL a=b- c=", { labels: ["a=b-", "c="] }],
    ["EXPOSE 80 53/udp 8000-8002", { ports: ["80/tcp", "53/udp", "8000/tcp", "8001/tcp", "8002/tcp"] }],
    ["VOLUME /a /b", { volumes: ["/a", "/b"] }],
    ['VOLUME ["/a b"]', { volumes: ["/a b"] }],
    ["USER $X:2", { user: "1:2" }],
    ["WORKDIR sub", { workingDir: "/w/sub" }],
    ["WORKDIR /abs", { workingDir: "/abs" }],
    ["STOPSIGNAL 9", { stopSignal: "9" }],
    ["ONBUILD RUN $X", { onBuild: ["RUN $X"] }],
    ['SHELL ["/bin/bash"]', { shell: ["/bin/bash"] }],
    ["MAINTAINER me", { author: "me" }],
    ["HEALTHCHECK NONE", { healthcheck: { test: ["NONE"] } }],
    [
      "HEALTHCHECK --interval=5s --retries=2 CMD x y",
      { healthcheck: { interval: "5s", retries: 2, test: ["CMD-SHELL", "x y"] } },
    ],
  ])("%s", (line, changes) => {
    expect(parseChangeLine(line, { env: ["X=1"], workingDir: "/w" })).toEqual(changes);
  });

  it("lines go on behind a backslash, see each other's variables, and comments are left out", () => {
    const lines = ["# none", "ENV A=1 \\", "  B=2", "ENV C=$A$B", "CMD x", 'ENTRYPOINT ["y"]'];
    expect(parseChangeLines(lines)).toEqual({
      variables: { A: "1", B: "2", C: "12" },
      cmd: ["/bin/sh", "-c", "x"],
      entrypoint: ["y"],
    });
  });

  it.each([
    "RUN x",
    "COPY a b",
    "FROM x",
    "HELLO",
    "ENV",
    "EXPOSE x",
    "SHELL x",
    "HEALTHCHECK x",
    "ENV a=1 b",
    "VOLUME /a-",
  ])("%s is refused", (line) => {
    expect(() => parseChangeLine(line)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_USAGE",
        message: expect.stringContaining(JSON.stringify(line)),
      }),
    );
  });
});
