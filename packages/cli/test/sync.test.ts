import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const images = join(folder, "images");
const sync = (...argv: readonly string[]) => dray(["sync", ...argv], { env: { HOME: folder } });

beforeAll(async () => {
  for (const [name, content] of [
    ["app:1", "one"],
    ["app:2", "two"],
    ["team/tool:latest", "tool"],
  ] as const) {
    const tar = join(folder, `${content}.tar`);
    writeTarFile(tar, "file", content);
    mkdirSync(join(images, "team"), { recursive: true });
    const { status, stderr } = await dray(["copy", "--quiet", `tarball:${tar}`, `dir:${join(images, name)}`]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }
});

describe("dray sync", () => {
  it("copies a folder's images to layouts, and a second time nothing", async () => {
    const layouts = join(folder, "layouts");
    const digests = join(folder, "digests");
    const first = await sync("--src", "dir", "--dest", "oci-dir", "--digestfile", digests, images, layouts);
    expect(first).toMatchObject({ status: 0, stdout: "" });
    expect(first.stderr).toContain(`copied dir:${images}/app:1 to oci-dir:${layouts}/app:1 (`);
    expect(first.stderr).toMatch(
      /\nSynced 3 images from 1 sources: 3 copied, 0 already there, [\d.]+ KiB moved\n$/,
    );
    const lines = readFileSync(digests, "utf8").trim().split("\n").toSorted();
    expect(lines.map((line) => line.replace(/^sha256:[0-9a-f]{64} /, "")).toSorted()).toEqual(
      ["app:1", "app:2", "tool:latest"].map((name) => `oci-dir:${layouts}/${name}`),
    );
    const [line = ""] = lines;
    const [digest, place = ""] = line.split(" ");
    expect((await dray(["digest", place])).stdout).toBe(`${digest}\n`);
    const second = await sync("--src", "dir", "--dest", "oci", "--json", "--quiet", images, layouts);
    expect(second.stderr).toBe("");
    const result = JSON.parse(second.stdout);
    expect(result).toMatchObject({
      plan: false,
      pruned: [],
      summary: { images: { copied: 0, present: 3, failed: 0 } },
    });
    expect(result.images.map(({ state }: { state: string }) => state)).toEqual([
      "present",
      "present",
      "present",
    ]);
  });

  it("a dry run prints the plan and makes nothing", async () => {
    const nowhere = join(folder, "nowhere");
    const argv = [
      "--src",
      "dir",
      "--dest",
      "oci-archive",
      "-n",
      "--scoped",
      "--include",
      "^[12]$",
      images,
      nowhere,
    ];
    expect(await sync(...argv)).toMatchObject({
      status: 0,
      stderr: "",
      stdout: [
        `Would have copied image ref 1/2 from="dir:${images}/app:1" to="oci-archive:${nowhere}/app/1.tar:1"`,
        `Would have copied image ref 2/2 from="dir:${images}/app:2" to="oci-archive:${nowhere}/app/2.tar:2"`,
        "Would have synced 2 images from 1 sources",
        "",
      ].join("\n"),
    });
    expect(existsSync(nowhere)).toBe(false);
    const { stdout } = await sync("--json", ...argv);
    expect(JSON.parse(stdout)).toMatchObject({ plan: true, summary: { images: { copied: 2 } } });
  });

  it("prunes names of layouts, and says so before", async () => {
    const layouts = join(folder, "pruned");
    const argv = ["--src", "dir", "--dest", "oci-dir"];
    await sync(...argv, images, layouts);
    const less = join(folder, "less");
    mkdirSync(less);
    await dray(["copy", "--quiet", `dir:${images}/app:1`, `dir:${less}/app:1`]);
    const plan = await sync(...argv, "--prune", "--dry-run", less, layouts);
    expect(plan.stdout).toContain(`Would have deleted "oci-dir:${layouts}/app:2"\n`);
    expect((await sync(...argv, "--prune", less, layouts)).stderr).toContain(
      `deleted oci-dir:${layouts}/app:2\n`,
    );
    expect((await dray(["list-tags", "--plain", `oci-dir:${layouts}/app`])).stdout).toBe("1\n");
    expect((await dray(["list-tags", "--plain", `oci-dir:${layouts}/tool`])).stdout).toBe("latest\n");
  });

  it("events are JSON lines where that is wished", async () => {
    const { stderr } = await sync(
      "--src",
      "dir",
      "--dest",
      "oci-dir",
      "--progress",
      "json",
      images,
      join(folder, "events"),
    );
    const events = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events[0]).toEqual({ type: "repository", state: "listing", repository: `dir:${images}` });
    expect(events.at(-1)).toMatchObject({ type: "summary", images: { copied: 3 } });
    expect(events.filter(({ type, state }) => type === "image" && state === "copied")).toHaveLength(3);
    expect(stderr).not.toContain('"manifest":{');
  });

  it.each([
    [[], "A source transport must be specified"],
    [["--src", "dir"], "A destination transport must be specified"],
    [["--src", "docker-archive", "--dest", "dir"], '"docker-archive" is not a valid source transport'],
    [["--src", "docker", "--dest", "yaml"], '"yaml" is not a valid destination transport'],
    [
      ["--src", "dir", "--dest", "dir"],
      "sync from 'dir' to 'dir' not implemented, consider using rsync instead",
    ],
    [["--src", "dir", "--dest", "docker", "--sign-by", "me"], "--sign-by: signing is not supported yet"],
    [["--src", "oci-dir", "--dest", "dir", "--prune"], "nothing can be pruned"],
    [["--src", "oci-dir", "--dest", "dir", "--referrers"], "keeps each image alone"],
    [["--src", "dir", "--dest", "oci-dir", "--rename", "x"], "is no rule to rename by"],
    [
      ["--src", "dir", "--dest", "oci-dir", "--include", "("],
      '--include: "(": error parsing regexp: missing closing )',
    ],
    [["--src", "docker", "--dest", "oci-dir"], "is not an image reference"],
    [["--src", "yaml", "--dest", "oci-dir"], "cannot read the list of images"],
  ])("%j is refused", async (flags, message) => {
    const { status, stderr, stdout } = await sync(...flags, join(folder, "None"), join(folder, "there"));
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
  });

  it("an error in a list names its place", async () => {
    const list = join(folder, "list.yml");
    writeFileSync(list, "a.test:\n  images-by-semver:\n    x: new\n");
    const { status, stderr } = await sync("--src", "yaml", "--dest", "docker", list, "b.test");
    expect(status).toBe(1);
    expect(stderr).toContain(`${list}:3:5: "new" is no constraint on versions`);
  });
});
