import { describe, expect, it } from "vitest";
import { commandGroups } from "../src/command-loaders.ts";
import { wrapHelp } from "../src/wrap-help.ts";
import { dray } from "./run-dray.ts";

// Those that read their arguments themselves have manners of their own.
const groups = Object.entries(commandGroups).filter(([, { run }]) => run === undefined);
/** Those that do not read their arguments in another tool's manner. */
const ownGroups = groups.filter(([, group]) => group.run === undefined);

describe("a group of commands", () => {
  it.each(groups)(
    "%s has help that lists its commands, and help with examples for each",
    async (name, group) => {
      const names = Object.keys(await group.load());
      expect(names).not.toEqual([]);
      for (const argv of [[name], [name, "--help"], ["help", name]]) {
        const { status, stdout, stderr } = await dray(argv);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        expect(stdout).toContain(wrapHelp(group.fullDescription ?? group.brief, 100));
        for (const command of names) expect(stdout).toMatch(new RegExp(`\\n  ${command} +[A-Z]`));
      }
      for (const command of names) {
        const { status, stdout } = await dray(["help", name, command]);
        expect(status).toBe(0);
        expect(stdout).toMatch(new RegExp(`EXAMPLES\\n.*dray ${name} ${command}`));
      }
    },
  );

  it.each(groups)("%s completes its commands and their flags", async (name, group) => {
    const names = Object.keys(await group.load());
    const complete = async (...words: string[]): Promise<readonly string[]> =>
      (await dray(["__complete", ...words])).stdout.split("\n").filter((line) => line !== "");
    expect(await complete(name)).toContain(name);
    expect(await complete(name, "")).toEqual(names);
    const [first = ""] = names;
    expect(await complete(name, first, "--debu")).toEqual(["--debug"]);
    // What help does not show is not proposed.
    expect(await complete(name, first, "--registries.")).toEqual([]);
  });

  it.each(ownGroups)("%s names itself where a command or a flag of it is not there", async (name, group) => {
    const [first = ""] = Object.keys(await group.load());
    const unknown = await dray([name, `${first}x`]);
    expect(unknown).toMatchObject({ status: 1, stdout: "" });
    expect(unknown.stderr).toContain(`dray: there is no command "${name} ${first}x"; did you mean`);
    expect(unknown.stderr).toContain(`see dray ${name} --help\n`);
    const flag = await dray([name, first, "--no-such-flag"]);
    expect(flag).toMatchObject({ status: 1, stdout: "" });
    expect(flag.stderr).toMatch(new RegExp(`^dray: .*; see dray ${name} ${first} --help\\n$`));
  });
});
