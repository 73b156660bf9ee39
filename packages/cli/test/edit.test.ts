import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const layout = join(folder, "layout");
const tar = join(folder, "one.tar");
writeTarFile(tar, "one", "1");

async function run(...argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await dray(argv, {
    env: { SOURCE_DATE_EPOCH: "86400", XDG_CACHE_HOME: folder },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

async function config(
  name: string,
): Promise<{ config: Record<string, unknown>; history: object[]; created: string }> {
  return JSON.parse(await run("inspect", "--config", `oci-dir:${layout}:${name}`)) as never;
}

describe("images that are edited by commands", () => {
  it("append, mutate, squash, flatten and normalize write an image and print its digest", async () => {
    const at = (name: string): string => `oci-dir:${layout}:${name}`;
    expect(await run("append", "-q", "--layer", tar, "scratch", at("one"))).toMatch(
      /^sha256:[0-9a-f]{64}\n$/,
    );
    const tree = join(folder, "tree");
    mkdirSync(tree);
    writeFileSync(join(tree, "file"), "content");
    await run("append", "-q", "--add", `${tree}:/srv/tree`, "--created-by", "files", at("one"), at("two"));
    expect(await run("ls", `${at("two")}:/srv/tree`)).toContain("file");
    expect((await config("two")).history).toEqual([
      { created: "1970-01-02T00:00:00Z", created_by: "dray append --layer one.tar" },
      { created: "1970-01-02T00:00:00Z", created_by: "files" },
    ]);
    await run(
      ...[
        "mutate",
        "-q",
        "--env",
        "A=b",
        "--cmd",
        '["x","y"]',
        "--entrypoint",
        "run it",
        "--port",
        "80,53/udp",
      ],
      ...["--healthcheck", "true", "--healthcheck-interval", "1m", "--add-history", at("two"), at("three")],
    );
    const changed = await config("three");
    expect(changed.config).toEqual({
      Env: ["A=b"],
      Cmd: ["x", "y"],
      Entrypoint: ["/bin/sh", "-c", "run it"],
      ExposedPorts: { "53/udp": {}, "80/tcp": {} },
      Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 60_000_000_000 },
    });
    expect(changed.history.at(-1)).toEqual({
      created: "1970-01-02T00:00:00Z",
      created_by: "dray mutate",
      empty_layer: true,
    });
    await run("mutate", "-q", "--unset", "cmd,port,healthcheck", at("three"), at("three"));
    expect((await config("three")).config).toEqual({ Env: ["A=b"], Entrypoint: ["/bin/sh", "-c", "run it"] });
    for (const command of ["flatten", "squash", "normalize"]) {
      const digest = await run(command, "-q", at("three"), at(command));
      expect(await run("digest", at(command))).toBe(digest);
      expect(await run("cat", `${at(command)}:/srv/tree/file`)).toBe("content");
    }
  });

  it("append --timestamp is the time of the image, too, so that it is the same each time", async () => {
    const tree = join(folder, "timed");
    mkdirSync(tree);
    writeFileSync(join(tree, "file"), "content");
    const append = (...more: readonly string[]): Promise<string> =>
      run("append", "-q", "--add", `${tree}:/srv`, "--timestamp", "172800", ...more);
    await append("scratch", `oci-dir:${layout}:timed`);
    const { created, history } = await config("timed");
    expect([created, history]).toEqual([
      "1970-01-03T00:00:00Z",
      [{ created: "1970-01-03T00:00:00Z", created_by: "dray append --add timed:/srv" }],
    ]);
    await append("--created", "259200", "scratch", `oci-dir:${layout}:timed-then`);
    expect((await config("timed-then")).created).toBe("1970-01-04T00:00:00Z");
  });

  it("append leaves out what an ignore file says of paths in a folder, and changes nothing else of the layer", async () => {
    const tree = join(folder, "ignoring");
    mkdirSync(join(tree, "sub"), { recursive: true });
    const append = (to: string, ...more: readonly string[]): Promise<string> =>
      run("append", "-q", "--add", `${tree}:/srv`, "--timestamp", "0", ...more, "scratch", at(to));
    const at = (name: string): string => `oci-dir:${layout}:${name}`;
    writeFileSync(join(tree, "sub", ".env"), "kept");
    const without = await append("ignoring-without");
    const ignorefile = join(folder, "ignoring.txt");
    writeFileSync(ignorefile, "/.env\n");
    writeFileSync(join(tree, ".env"), "secret");
    expect(await append("ignoring", "--ignorefile", ignorefile)).toBe(without);
    expect(await append("ignoring-all")).not.toBe(without);
    expect(await run("cat", `${at("ignoring")}:/srv/sub/.env`)).toBe("kept");
    await run("append", "-q", "--add", `${tree}/.env:/e`, "--ignorefile", ignorefile, "scratch", at("file"));
    expect(await run("cat", `${at("file")}:/e`)).toBe("secret");
  });

  it("a dry run shows each field before and after, and writes nothing", async () => {
    const other = `oci-dir:${join(folder, "other")}:a`;
    await run("append", "-q", "--layer", tar, "scratch", other);
    const before = readdirSync(join(folder, "other", "blobs", "sha256")).sort();
    const shown = await run("mutate", "--dry-run", "--user", "me", "--label", "a=b", other);
    expect(shown.split("\n").slice(1, 3)).toEqual([
      '  config.Labels["a"]: (none) -> "b"',
      '  config.User: (none) -> "me"',
    ]);
    expect(readdirSync(join(folder, "other", "blobs", "sha256")).sort()).toEqual(before);
    expect(await run("mutate", "--dry-run", other)).toContain(": nothing changes\n");
  });

  it("rebase takes the new base's layers, and names conflicts", async () => {
    const at = (name: string): string => `oci-dir:${join(folder, "bases")}:${name}`;
    const two = join(folder, "two.tar");
    writeTarFile(two, "two", "2");
    await run("append", "-q", "--layer", tar, "scratch", at("old"));
    await run("append", "-q", "--layer", two, "scratch", at("new"));
    await run("mutate", "-q", "--user", "theirs", at("new"), at("new"));
    await run("append", "-q", "--layer", two, at("old"), at("app"));
    const bases = ["--old-base", at("old"), "--new-base", at("new")];
    await run("rebase", "-q", ...bases, at("app"), at("rebased"));
    expect(await run("ls", `${at("rebased")}:/`)).not.toContain("one");
    await run("mutate", "-q", "--user", "ours", at("app"), at("app"));
    const { status, stderr } = await dray(["rebase", "-q", ...bases, at("app"), at("rebased")]);
    expect(status).toBe(1);
    expect(stderr).toContain("both changed config.User");
    await run("rebase", "-q", ...bases, "--conflicts", "theirs", at("app"), at("rebased"));
  });

  it.each([
    [["mutate", `oci-dir:${layout}:one`], "the DESTINATION is missing"],
    [["append", `oci-dir:${layout}:one`, `oci-dir:${layout}:x`], "there is no layer to append"],
    [["append", "--add", "file", "scratch", `oci-dir:${layout}:x`], '"file" is not SOURCE:DESTINATION'],
    [["mutate", "--unset", "nothing", "--dry-run", `oci-dir:${layout}:one`], '"nothing" is no field'],
    [["mutate", "--cmd", "[1]", "--dry-run", `oci-dir:${layout}:one`], "is no JSON list of texts"],
    [["squash", "--from-layer", "9", "--dry-run", `oci-dir:${layout}:one`], "there is no layer 9"],
    [["squash", "--from", "1", `oci-dir:${layout}:one`], "no flag --from; did you mean --from-layer? see"],
    [["normalize", "--timestamp", "0", `oci-dir:${layout}:one`], "did you mean --time or --times? see"],
    [["append", "--env", "A=1", `oci-dir:${layout}:one`], "no flag --env; see dray append --help"],
    [["squash", "--from-layer", "0", `oci-dir:${layout}:one`], "from 1 to"],
    [["rebase", "--old", "x", `oci-dir:${layout}:one`], "no flag --old; did you mean --old-base? see"],
    [["mutate", "--onbuild", " ", "--dry-run", `oci-dir:${layout}:one`], '" " is no instruction; write one'],
    [
      ["append", "--layer", "-", "--layer", "-", "scratch", `oci-dir:${layout}:x`],
      "standard input can be one layer only; name --layer - once",
    ],
    [
      ["append", "--layer", "-", "scratch", `oci-dir:${layout}:x`],
      "the layer standard input is no sound tar: it has no bytes; ",
    ],
    [
      ["append", "--layer", tar, "--chown", "1:1", "--chmod", "1", "scratch", `oci-dir:${layout}:x`],
      "--chown and --chmod: a tar says itself which files it has, and whose they are; they are for what --add adds",
    ],
    [
      ["append", "--add", "nosuch/*:/x", "--ignorefile", tar, "scratch", `oci-dir:${layout}:x`],
      '--ignorefile: there is no "nosuch/*"; name the folder itself in --add',
    ],
    [
      ["append", "--layer", tar, "--ignorefile", tar, "scratch", `oci-dir:${layout}:x`],
      "--ignorefile: a tar says itself which files it has",
    ],
    [
      ["mutate", "--index-annotation", "a=b", "--dry-run", `oci-dir:${layout}:one`],
      "the source is an image alone: there is no index to annotate; set annotations of the image instead",
    ],
    [
      ["mutate", "--entry-annotation", "a=b", "--dry-run", `oci-dir:${layout}:one`],
      "the source is an image alone: there is no entry of an index to annotate; set",
    ],
    [
      [
        "rebase",
        "--dry-run",
        "--new-base",
        `oci-dir:${layout}:one`,
        "--old-base",
        `oci-dir:${layout}:no`,
        `oci-dir:${layout}:one`,
      ],
      "dray: the old base: ",
    ],
    [
      ["rebase", "--old-base", `oci-dir:${layout}:one`, "--new-base", "nosuch:1", `oci-dir:${layout}:one`],
      'dray: the new base: the store has no image "nosuch:1"; ',
    ],
  ])("%s is refused: %s", async (argv, message) => {
    await run("append", "-q", "--layer", tar, "scratch", `oci-dir:${layout}:one`);
    const { status, stderr } = await dray(argv);
    expect(status).toBeGreaterThan(0);
    expect(stderr).toContain(message);
  });

  it.each(["mutate", "append", "rebase", "flatten", "squash", "normalize"])(
    "%s says which arguments it takes, and what is not there",
    async (command) => {
      expect((await dray([command, "--help"])).stdout).toContain(
        `dray ${command} <SOURCE> [<DESTINATION>]\n`,
      );
      const one = `oci-dir:${layout}:one`;
      await run("append", "-q", "--platform", "linux/amd64", "--layer", tar, "scratch", one);
      const own = {
        append: ["--layer", tar],
        rebase: ["--old-base", one, "--new-base", one],
      }[command];
      const mistakes: readonly (readonly [readonly string[], string])[] = [
        [[`oci-dir:${layout}:nosuch`], 'there is no image named "nosuch"; there are: '],
        [["nosuch:1"], 'the store has no image "nosuch:1"; dray images lists those that are there'],
        [["--platform", "amd", one], '"amd" is not a platform; write os/architecture'],
        [["--platform", "linux/s390x", one], "the image is for linux/amd64, and not for linux/s390x; leave"],
      ];
      for (const [mistake, message] of mistakes) {
        const { status, stdout, stderr } = await dray([command, "--dry-run", ...(own ?? []), ...mistake]);
        expect({ status: status > 0, stdout, lines: stderr.split("\n").length }).toEqual({
          status: true,
          stdout: "",
          lines: 2,
        });
        expect(stderr).toContain(message);
      }
    },
  );

  it("a digest file has the digest of what was written", async () => {
    const path = join(folder, "digest");
    const to = `oci-dir:${join(folder, "more")}:a`;
    const digest = await run("append", "-q", "--digestfile", path, "--layer", tar, "scratch", to);
    expect(`${readFileSync(path, "utf8")}\n`).toBe(digest);
  });
});

describe("append names what is wrong", () => {
  const at = `oci-dir:${layout}:wrong`;

  it("a layer that is no tar by its file, also where it is compressed", async () => {
    const plain = join(folder, "s.txt");
    writeFileSync(plain, "no tar at all ".repeat(100));
    writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
    for (const [file, flags] of [
      [plain, []],
      [`${plain}.gz`, []],
      [`${plain}.gz`, ["--dest-compress-format", "zstd"]],
    ] as const) {
      const wrong = ["--layer", tar, "--layer", file, ...flags];
      const { status, stderr } = await dray(["append", "-q", ...wrong, "scratch", at]);
      expect(status).toBeGreaterThan(0);
      expect(stderr).toContain(`the layer "${file}" is no sound tar: `);
    }
  });

  it("an owner that is a name, where no file is read that knows it", async () => {
    const { stderr } = await dray(["append", "-q", "--add", `${tar}:/x`, "--chown", "node", "scratch", at]);
    expect(stderr).toContain(
      'no file of the image says which numbers the owner "node" has; give its numbers: 1000:1000\n',
    );
  });
});
