import { expect, it } from "vitest";
import { builderCommands, otherCommandNames } from "../src/builder/builder-commands.ts";
import { builderCommandNames } from "../src/builder/command-names.ts";
import { dray } from "./run-dray.ts";

it.each([
  ["run", "did you mean builder run? see dray --help"],
  ["rm", "did you mean builder rm? see dray --help"],
  ["commit", "did you mean builder commit? see dray --help"],
  ["from", "did you mean builder from? see dray --help"],
  ["config", "did you mean builder config? see dray --help"],
  ["exec", "did you mean builder run? see dray --help"],
  ["prnue", "did you mean prune? see dray --help"],
  ["prunxy", "see dray --help"],
  ["rn", "did you mean builder run or builder rm? see dray --help"],
  ["commti", "did you mean builder commit? see dray --help"],
  ["expotr", "did you mean export? see dray --help"],
])("dray %s: %s", async (name, hint) => {
  const { status, stderr } = await dray([name, "x"]);
  expect(status).toBe(1);
  expect(stderr).toBe(`dray: there is no command "${name}"; ${hint}\n`);
});

it("the names of builder's commands are those that there are", () => {
  expect(builderCommandNames).toEqual(Object.keys({ ...builderCommands, ...otherCommandNames }));
});

it.each(["build", "bud", "source"])(
  "dray %s says what dray builder says of it, and where to look",
  async (name) => {
    const { stderr } = await dray(["builder", name, "x"]);
    expect(stderr).toMatch(new RegExp(`^dray: ${name}: [a-z].* not supported`));
    const alone = await dray([name, "x"]);
    expect(alone).toMatchObject({ status: 1, stderr: stderr.replace(/\n$/, "; see dray builder --help\n") });
  },
);
