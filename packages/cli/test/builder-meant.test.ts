import { describe, expect, it } from "vitest";
import { dray } from "./run-dray.ts";

describe("what is meant by what dray builder does not have", () => {
  it.each([
    [
      ["config", "--workdir", "/x", "c"],
      "unknown flag: --workdir; did you mean --workingdir? see dray builder config --help",
    ],
    [
      ["config", "--expose", "80", "c"],
      "unknown flag: --expose; did you mean --port? see dray builder config --help",
    ],
    [
      ["config", "-w", "/x", "c"],
      "unknown shorthand flag: 'w' in -w; did you mean --workingdir? see dray builder config --help",
    ],
    [
      ["config", "--health-cmd", "x", "c"],
      "unknown flag: --health-cmd; did you mean --healthcheck? see dray builder config --help",
    ],
    [
      ["config", "--lable", "x", "c"],
      "unknown flag: --lable; did you mean --label? see dray builder config --help",
    ],
    [
      ["commit", "--tag", "a", "c"],
      "unknown flag: --tag; the image's name stands behind the container's; see dray builder commit --help",
    ],
    [
      ["commit", "--source-date", "1", "c"],
      "unknown flag: --source-date; did you mean --source-date-epoch? see dray builder commit --help",
    ],
    [
      ["from", "--from", "a"],
      "unknown flag: --from; the image's name stands behind the flags; see dray builder from --help",
    ],
    [
      ["from", "--policy", "always", "a"],
      "unknown flag: --policy; did you mean --pull? see dray builder from --help",
    ],
    [
      ["run", "-it", "c", "sh"],
      "unknown shorthand flag: 'i' in -it; did you mean --terminal? see dray builder run --help",
    ],
    [
      ["run", "--rm", "c", "sh"],
      "unknown flag: --rm; it is run in the working container, which stays: rm removes it; see dray builder run --help",
    ],
    [
      ["push", "--dest-creds", "a:b", "i"],
      "unknown flag: --dest-creds; did you mean --creds? see dray builder push --help",
    ],
    [
      ["images", "--notruncate"],
      "unknown flag: --notruncate; did you mean --no-trunc? see dray builder images --help",
    ],
    [
      ["containers", "--no-trunc"],
      "unknown flag: --no-trunc; did you mean --notruncate? see dray builder containers --help",
    ],
    [["rm", "--xyzzy"], "unknown flag: --xyzzy; see dray builder rm --help"],
    [["fro", "a"], 'there is no command "builder fro"; did you mean from? see dray builder --help'],
    [["rn", "c"], 'there is no command "builder rn"; did you mean rm or run? see dray builder --help'],
    [["exec", "c", "sh"], 'there is no command "builder exec"; did you mean run? see dray builder --help'],
    [
      ["history", "a"],
      'there is no command "builder history"; did you mean dray history? see dray builder --help',
    ],
    [["xyzzy"], 'there is no command "builder xyzzy"; see dray builder --help'],
  ])("%j: %s", async (argv, sentence) => {
    expect(await dray(["builder", ...argv])).toMatchObject({
      status: 125,
      stdout: "",
      stderr: `dray: ${sentence}\n`,
    });
  });

  it.each([
    [
      ["mutate", "--workingdir", "/x", "dir:x"],
      "--workingdir; did you mean --workdir? see dray mutate --help",
    ],
    [["mutate", "--expose", "80", "dir:x"], "--expose; did you mean --port? see dray mutate --help"],
    [["login", "--user", "me", "r.example"], "--user; did you mean --username? see dray login --help"],
  ])("dray %j, too", async (argv, sentence) => {
    expect(await dray(argv)).toMatchObject({ status: 1, stderr: `dray: there is no flag ${sentence}\n` });
  });

  it("tells nobody but who calls dray by its own name", async () => {
    const buildah = (...argv: readonly string[]) => dray(argv, { calledAs: "/usr/bin/buildah" });
    expect(await buildah("config", "--workdir", "/x", "c")).toMatchObject({
      stderr: "Error: unknown flag: --workdir\n",
    });
    expect(await buildah("xyzzy")).toMatchObject({
      status: 125,
      stderr: 'Error: unknown command "xyzzy" for "buildah"\n',
    });
    expect(await buildah("fro")).toMatchObject({
      status: 125,
      stderr: 'Error: unknown command "fro" for "buildah"\n\nDid you mean this?\n\tfrom\n\trm\n\n',
    });
  });
});
