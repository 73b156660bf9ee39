import { describe, expect, it } from "vitest";
import { commandGroups } from "../src/command-loaders.ts";
import { commands } from "../src/commands.ts";
import { helpWidth, wrapHelp } from "../src/wrap-help.ts";
import { dray } from "./run-dray.ts";

const all: readonly string[] = [
  ...Object.keys(commands),
  ...Object.keys(await commandGroups.manifest.load()).map((name) => `manifest ${name}`),
  ...Object.keys(await commandGroups.builder.load()).map((name) => `builder ${name}`),
  ...["", "manifest", "builder"],
];

describe("lines of help", () => {
  it.each(all)("dray %s --help: have at most 100 characters, but for commands to be copied", async (name) => {
    const { stdout } = await dray([...name.split(" ").filter(Boolean), "--help"]);
    const long = stdout.split("\n").filter((line) => line.length > 100);
    expect(long.filter((line) => !/^ {2}(dray|tar|container=|SOURCE_DATE_EPOCH=)/.test(line))).toEqual([]);
  });

  it("are as wide as the terminal, whatever it is", () => {
    const write = (): void => {};
    expect(helpWidth({ write })).toBe(100);
    expect(helpWidth({ write, columns: 300 })).toBe(100);
    expect(helpWidth({ write, isTTY: true })).toBe(100);
    expect(helpWidth({ write, isTTY: true, columns: 72 })).toBe(72);
    expect(helpWidth({ write, isTTY: true, columns: 3 })).toBe(40);
  });

  it("are measured without their colours, stand below the column that they go on with, and keep choices together", () => {
    const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
    const help = [
      "\u001b[4mFLAGS\u001b[24m",
      `  ${bold("-a")} ${bold("[--aaa]")}  ${bold("one two three four")} [gzip|zstd, \u001b[2mdefault =\u001b[22m gzip]`,
      `  ${bold("")}   ${bold(" --b")}    ${bold("one")}`,
    ];
    expect(wrapHelp(help.join("\n"), 40).split("\n")).toEqual([
      help[0],
      `  ${bold("-a")} ${bold("[--aaa]")}  ${bold("one two three four")}`,
      "              [gzip|zstd, \u001b[2mdefault =\u001b[22m gzip]",
      help[2],
    ]);
    expect(wrapHelp("FLAGS\n  --a-very-long-name  one two three\n", 24)).toBe(
      "FLAGS\n  --a-very-long-name\n        one two three\n",
    );
  });

  it("of a paragraph are filled anew where one is too long, and examples stay as they are", () => {
    const help = "one two three\nfour\n\nfive\nsix\n\nEXAMPLES\n  dray one two three four\n";
    expect(wrapHelp(help, 12)).toBe(
      "one two\nthree four\n\nfive\nsix\n\nEXAMPLES\n  dray one two three four\n",
    );
  });
});

it("dray builder --help lists manifest", async () => {
  const { stdout } = await dray(["builder", "--help"]);
  expect(stdout).toContain("\n  dray builder manifest COMMAND\n");
  expect(stdout).toContain("\n  manifest    Make, change and push lists of images");
});
