import { describe, expect, it } from "vitest";
import { durationParser, settingParser, wholeNumberParser } from "../src/flags/parsers.ts";
import { moveGlobalFlags } from "../src/global-flags.ts";
import { personalityOf } from "../src/personality.ts";

describe("global flags", () => {
  it("that stand before the command are moved behind it", () => {
    expect(moveGlobalFlags(["--debug", "--override-arch", "arm64", "copy", "a", "b"])).toEqual([
      "copy",
      "--debug",
      "--override-arch",
      "arm64",
      "a",
      "b",
    ]);
    expect(moveGlobalFlags(["--override-os=linux", "--insecure-policy=true", "inspect", "x"])).toEqual([
      "inspect",
      "--override-os=linux",
      "--insecure-policy=true",
      "x",
    ]);
  });
  it("that are unknown, or that no command follows, stay where they are", () => {
    expect(moveGlobalFlags(["--what", "copy"])).toEqual(["--what", "copy"]);
    expect(moveGlobalFlags(["--debug"])).toEqual(["--debug"]);
    expect(moveGlobalFlags(["copy", "--debug"])).toEqual(["copy", "--debug"]);
  });
});

describe("flag values", () => {
  it("durations are Go's, in milliseconds", () => {
    expect(durationParser("1h30m")).toBe(5_400_000);
    expect(durationParser("1.5s")).toBe(1500);
    expect(durationParser("250ms")).toBe(250);
    for (const bad of ["", "5", "-1s", "1x", "s", "1s "])
      expect(() => durationParser(bad)).toThrow(/duration/);
  });
  it("whole numbers have limits", () => {
    const parse = wholeNumberParser(0, 9);
    expect(parse("9")).toBe(9);
    for (const bad of ["10", "-1", "1.5", "", "0x1", "1e1"]) expect(() => parse(bad)).toThrow(/from 0 to 9/);
  });
  it("settings are key=value, and a value may have more equal signs", () => {
    expect(settingParser("a=b=c")).toEqual(["a", "b=c"]);
    for (const bad of ["a", "=b", ""]) expect(() => settingParser(bad)).toThrow(/key=value/);
  });
});

describe("the name that the command is called by", () => {
  it("gives it that tool's manners", () => {
    expect(personalityOf("/usr/bin/skopeo")).toBe("skopeo");
    expect(personalityOf("/usr/bin/dray")).toBe("dray");
    expect(personalityOf("/opt/skopeo/dist/bin.js")).toBe("dray");
    expect(personalityOf(undefined)).toBe("dray");
  });
});
