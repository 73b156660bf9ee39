import { describe, expect, it } from "vitest";
import { commands } from "../src/commands.ts";
import { tidyArguments } from "../src/flags/arguments.ts";
import { durationParser, settingParser, wholeNumberParser } from "../src/flags/parsers.ts";
import { personalityOf } from "../src/personality.ts";

describe("arguments", () => {
  const tidy = (line: string): string => tidyArguments(line.split(" "), commands).join(" ");

  it("put global flags that stand before the command behind it", () => {
    expect(tidy("--debug --override-arch arm64 copy a b")).toBe("copy --debug --override-arch arm64 a b");
    expect(tidy("--override-os=linux --insecure-policy=true inspect x")).toBe(
      "inspect --override-os linux --insecure-policy=true x",
    );
  });

  it("count a flag that is given twice once, the last time, unless it adds up", () => {
    expect(tidy("--insecure-policy copy --insecure-policy -q --format oci --format v2s2 a b")).toBe(
      "copy --insecure-policy --quiet --format v2s2 a b",
    );
    expect(tidy("copy --additional-tag a:1,b:2 --additional-tag=c:3 a b")).toBe(
      "copy --additional-tag a:1,b:2 --additional-tag c:3 a b",
    );
    expect(tidy("copy --all=true --all=false a b")).toBe("copy --all=false a b");
  });

  it("of the store may stand before the command, as podman's do", () => {
    expect(tidy("--root /a --runroot=/b --storage-opt x=1 images -q")).toBe(
      "images --root /a --runroot /b --storage-opt x=1 --quiet",
    );
  });

  it("of a group of commands are those of the command behind its name", () => {
    const group = { name: "group", commands: { first: commands.copy } };
    const tidied = (line: string): string => tidyArguments(line.split(" "), commands, group).join(" ");
    expect(tidied("--debug group --root /a first -qa x y")).toBe(
      "group first --debug --root /a --quiet --all x y",
    );
    expect(tidied("group other -qa")).toBe("group other -qa");
    expect(tidied("group --help")).toBe("group --help");
    expect(tidied("group")).toBe("group");
    expect(tidied("copy -qa x y")).toBe("copy --quiet --all x y");
  });

  it("may have shorthands in one word", () => {
    expect(tidy("copy -qa a b")).toBe("copy --quiet --all a b");
    for (const written of ["-qf oci", "-qfoci", "-qf=oci", "-q -f oci", "-q -f=oci"]) {
      expect(tidy(`copy ${written} a b`)).toBe("copy --quiet --format oci a b");
    }
    expect(tidy("copy -a=false a b")).toBe("copy --all=false a b");
  });

  it("keep values that look like flags", () => {
    expect(tidy("copy --dest-compress-level -1 a b")).toBe("copy --dest-compress-level=-1 a b");
    expect(tidy("copy --digestfile --all a b")).toBe("copy --digestfile=--all a b");
  });

  it("that are not understood stay where they are", () => {
    for (const line of ["--what copy", "nothing --debug a", "copy -qx a", "copy --what a", "copy --format"]) {
      expect(tidy(line)).toBe(line);
    }
    expect(tidy("--debug --help")).toBe("--help");
    expect(tidy("copy a -- --all -q")).toBe("copy a -- --all -q");
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
