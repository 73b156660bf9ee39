import { describe, expect, it } from "vitest";
import { builderCommands } from "../src/builder/builder-commands.ts";
import { parseArguments } from "../src/builder/parse-arguments.ts";
import type { DrayContext } from "../src/context.ts";
import { dray } from "./run-dray.ts";

// What a parser of buildah's flags asks of the world: nothing.
const context = {} as DrayContext;

function parse(name: string, ...argv: readonly string[]): unknown {
  const command = builderCommands[name];
  if (command === undefined) throw new Error(`no ${name}`);
  const { flags, words } = parseArguments(argv, command.parameters, { context, interspersed: false });
  return { ...flags, words };
}

describe("arguments as buildah reads them", () => {
  it("takes flags in one word, with = and without", () => {
    expect(parse("containers", "-nq", "-fname=x")).toEqual({
      noheading: true,
      quiet: true,
      filter: "name=x",
      words: [],
    });
    expect(parse("containers", "-f=name=x", "--json=false")).toEqual({
      filter: "name=x",
      json: false,
      words: [],
    });
  });

  it("leaves all behind the first word to the command that is run", () => {
    expect(parse("run", "-e", "A=1", "c", "sh", "-c", "-e", "--env")).toEqual({
      env: ["A=1"],
      words: ["c", "sh", "-c", "-e", "--env"],
    });
    expect(parse("run", "c", "--", "ls")).toEqual({ words: ["c", "--", "ls"] });
    expect(parse("run", "--", "c", "-x")).toEqual({ words: ["c", "-x"] });
  });

  it("splits lists as CSV, and other repeated flags not at all", () => {
    expect(parse("config", "--port", '80,"81,82"', "--port", "83", "--env", "A=b,c", "c")).toEqual({
      port: ["80", "81,82", "83"],
      env: ["A=b,c"],
      words: ["c"],
    });
  });

  it("takes --pull alone, or with its value behind =", () => {
    expect(parse("from", "--pull", "image")).toEqual({ pull: "true", words: ["image"] });
    expect(parse("from", "--pull=never", "image")).toEqual({ pull: "never", words: ["image"] });
  });

  it("takes --created-annotation alone, and with =false", () => {
    expect(parse("commit", "--created-annotation", "c")).toEqual({ createdAnnotation: true, words: ["c"] });
    expect(parse("commit", "--created-annotation=false", "c")).toEqual({
      createdAnnotation: false,
      words: ["c"],
    });
  });

  it("knows older names of flags", () => {
    expect(parse("run", "--net", "host", "--tty", "c", "x")).toEqual({
      network: "host",
      terminal: true,
      words: ["c", "x"],
    });
  });

  it.each([
    [["--nosuch"], "unknown flag: --nosuch"],
    [
      ["--json=maybe"],
      'invalid argument "maybe" for "--json" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      ["-q=perhaps"],
      'invalid argument "perhaps" for "-q, --quiet" flag: strconv.ParseBool: parsing "perhaps": invalid syntax',
    ],
    [["-nz"], "unknown shorthand flag: 'z' in -z"],
    [["--format"], "flag needs an argument: --format"],
    [["-nf"], "flag needs an argument: 'f' in -f"],
    [["---x"], "bad flag syntax: ---x"],
  ])("says of %j: %s", (argv, sentence) => {
    expect(() => parse("containers", ...argv)).toThrow(sentence);
  });
});

describe("a link named buildah", () => {
  const buildah = (...argv: string[]) => dray(argv, { calledAs: "/usr/bin/buildah" });

  it("tells buildah's version first", async () => {
    const { status, stdout } = await buildah("--version");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^buildah version 1\.28\.2 \(image-spec 1\.1\.0-rc2, runtime-spec 1\.0\.2-dev, dray /,
    );
    expect((await buildah("-v")).stdout).toBe(stdout);
  });

  it("shows its commands, alone and with --help, and the help of each", async () => {
    for (const argv of [[], ["--help"], ["help"]]) {
      const { status, stdout, stderr } = await buildah(...argv);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/\n {2}buildah commit /);
      expect(stdout).toMatch(/\n {2}manifest +[A-Z]/);
    }
    for (const argv of [
      ["run", "--help"],
      ["help", "run"],
      ["run", "-h", "c"],
    ]) {
      expect((await buildah(...argv)).stdout).toMatch(/^USAGE\n {2}buildah run /);
    }
    expect((await buildah("unmount", "--help")).stdout).toMatch(/^USAGE\n {2}buildah umount /);
    expect((await buildah("manifest", "add", "--help")).stdout).toMatch(/^USAGE\n {2}buildah manifest add /);
    expect((await buildah("manifest")).stdout).toMatch(/^USAGE\n {2}buildah manifest create /);
  });

  it.each([
    [["nosuch"], 'Error: unknown command "nosuch" for "buildah"\n'],
    [["manifest", "nosuch"], 'Error: unknown command "nosuch" for "buildah manifest"\n'],
    [
      ["--log-level", "loud", "version"],
      'Error: unable to parse log level: not a valid logrus Level: "loud"\n',
    ],
    [["bud", "."], "Error: bud: building from a Containerfile is not supported yet; "],
    [["source"], "Error: source: source images are not supported\n"],
    [["commit", "--sign-by", "A", "c"], "Error: --sign-by: signing is not supported yet; leave the flag out"],
    [["from", "--decryption-key", "k", "i"], "Error: --decryption-key: decryption is not supported yet"],
    [
      ["from", "--userns", "container", "i"],
      "Error: --userns: a container with mapped users is not supported\n",
    ],
    [["from", "--memory", "much", "i"], 'Error: invalid value for memory: invalid size: "much"\n'],
    [
      ["run", "--pid", "host", "c", "x"],
      "Error: --pid host: the processes of a command are always in a namespace ",
    ],
    [["--userns-uid-map", "0:1:1", "images"], "Error: --userns-uid-map: mapped users are not supported\n"],
    [["images", "a", "b"], "Error: 'buildah images' requires at most 1 argument\n"],
  ])("refuses %j with 125 and a sentence", async (argv, sentence) => {
    const { status, stdout, stderr } = await buildah(...argv);
    expect({ status, stdout }).toEqual({ status: 125, stdout: "" });
    expect(stderr.slice(0, sentence.length)).toBe(sentence);
  });

  it("is dray builder by another name, which has dray's manner of telling of mistakes", async () => {
    const { status, stderr } = await dray(["builder", "rename", "a"]);
    expect({ status, stderr }).toEqual({ status: 125, stderr: "dray: accepts 2 arg(s), received 1\n" });
    const images = await dray(["builder", "images", "a", "b"]);
    expect(images.stderr).toBe("dray: 'dray builder images' requires at most 1 argument\n");
    const version = await dray(["builder", "version"]);
    expect(version.stdout).toMatch(/^Version: {9}1\.28\.2\n/);
    expect((await buildah("version", "--json")).stdout).toContain('"version": "1.28.2"');
  });
});
