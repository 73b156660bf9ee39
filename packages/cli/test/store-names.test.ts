import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, type Ran, type RunOptions, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
const stored = (name: string): string => `containers-storage:[vfs@${at("root")}+${at("run")}]${name}`;
const env = { HOME: folder, CONTAINERS_REGISTRIES_CONF: at("registries.conf") };

const run = ([command = "", ...rest]: readonly string[], options?: RunOptions): Promise<Ran> =>
  dray([command, ...place, ...rest], { env, ...options });

/** The same in a machine whose own store is this one. */
const configured = (argv: readonly string[], options?: RunOptions): Promise<Ran> =>
  dray(argv, { env: { ...env, CONTAINERS_STORAGE_CONF: at("storage.conf") }, ...options });

beforeAll(async () => {
  writeFileSync(at("registries.conf"), "");
  writeFileSync(
    at("storage.conf"),
    `[storage]\ndriver = "vfs"\ngraphroot = "${at("root")}"\nrunroot = "${at("run")}"\n`,
  );
  writeTarFile(at("old.tar"), "etc/release", "3.18");
  writeTarFile(at("new.tar"), "etc/release", "3.19!");
  for (const [tar, name] of [
    ["old.tar", "docker.io/library/alpine:3.18"],
    ["new.tar", "docker.io/library/alpine:latest"],
    ["old.tar", "localhost/app:1"],
  ] as const) {
    expect(await dray(["copy", "-q", `tarball:${at(tar)}`, stored(name)])).toMatchObject({
      status: 0,
      stderr: "",
    });
  }
});

describe("an image of the store is named without its transport", () => {
  it.each([
    [["cat", "alpine:3.18:/etc/release"], "3.18"],
    [["cat", "alpine:/etc/release"], "3.19!"],
    [["cat", "docker.io/library/alpine:/etc/release"], "3.19!"],
    [["cat", "localhost/app:1:/etc/release"], "3.18"],
    [["cat", "app:1:/etc/release"], "3.18"],
    [["ls", "alpine:/etc"], "release\n"],
    [["ls", "alpine"], "etc\n"],
    [["diff", "alpine:3.18", "alpine"], "C /etc/release (size, content: 4 B to 5 B)\n"],
    [["inspect", "--format", "{{.Name}}", "alpine"], "docker.io/library/alpine\n"],
    [["inspect", "--format", "{{.Name}}", "containers-storage:alpine"], "docker.io/library/alpine\n"],
  ] as const)("dray %j", async (argv, expected) => {
    const { status, stdout, stderr } = await run(argv);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    if (argv[0] === "diff") expect(stdout).toMatch(/^C \/etc\/release \(.*4 B to 5 B\)\n$/);
    else expect(stdout).toBe(expected);
  });

  it("by each command that looks into one image, and by its ID", async () => {
    const { stdout: listed } = await run(["images", "-q", "--no-trunc", "alpine:3.18"]);
    const id = listed.trim().slice("sha256:".length);
    const explicit = `containers-storage:[vfs@${at("root")}+${at("run")}]@${id}`;
    for (const argv of [["digest"], ["history", "--no-trunc", "--human=false"], ["validate"], ["ls", "-l"]]) {
      const expected = (await dray([...argv, explicit], { env })).stdout;
      expect(expected).not.toBe("");
      for (const name of ["alpine:3.18", id, id.slice(0, 12), `sha256:${id}`]) {
        expect((await run([...argv, name])).stdout).toBe(expected);
        expect((await configured([...argv, name])).stdout).toBe(expected);
      }
    }
  });

  it("not where it begins with a scheme", async () => {
    writeTarFile(at("dir.tar"), "file", "x");
    await dray(["copy", "-q", `tarball:${at("dir.tar")}`, stored("localhost/dir:1")]);
    const { status, stderr } = await run(["ls", "dir:1"]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('"1": no image');
    expect((await run(["ls", "localhost/dir:1"])).stdout).toBe("file\n");
  });
});

describe("what the store does not have", () => {
  it.each(["nothing", "nothing:1.0", "quay.io/no/thing", "./folder", "C:\\folder"])(
    "%s is refused as it is where there is no store",
    async (text) => {
      const absent = ["--root", at("absent"), "--runroot", at("absent-run"), "--storage-driver", "vfs"];
      const without = await dray(["inspect", ...absent, text], { env });
      const isPath = /[.\\]/.test(text.slice(0, 3));
      expect(without.status).toBe(isPath ? 1 : 2);
      expect(without.stderr).toContain(
        isPath
          ? `${JSON.stringify(text)} names no transport`
          : `the store has no image ${JSON.stringify(text)}; dray images`,
      );
      expect(await run(["inspect", text])).toEqual(without);
      expect(existsSync(at("absent"))).toBe(false);
    },
  );

  it("is not looked for where dray is called as skopeo", async () => {
    const asSkopeo = {
      env: { ...env, CONTAINERS_STORAGE_CONF: at("storage.conf") },
      calledAs: "/bin/skopeo",
    };
    const refused = await dray(["inspect", "--insecure-policy", "alpine"], asSkopeo);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("names no transport");
    expect((await configured(["digest", "alpine"])).status).toBe(0);
  });

  it("is an ambiguous name, which is told", async () => {
    for (const name of ["quay.io/a/twice:1", "quay.io/b/twice:1"]) {
      const tar = at(`${name.slice(8, 9)}.tar`);
      writeTarFile(tar, "file", name);
      await dray(["copy", "-q", `tarball:${tar}`, stored(name)]);
    }
    for (const argv of [
      ["history", "twice:1"],
      ["ls", "twice:1:/"],
    ]) {
      const { status, stderr } = await run(argv);
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringContaining('"twice:1" may be quay.io/'),
      });
    }
  });

  it("is told together with a store that cannot be read", async () => {
    const root = at("damaged");
    for (const name of ["vfs", "vfs-images", "vfs-layers"]) mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, "vfs-images", "images.json"), "{");
    const flags = ["--root", root, "--runroot", at("run"), "--storage-driver", "vfs"];
    const { status, stderr } = await dray(["history", ...flags, "alpine"], { env });
    expect(status).toBe(1);
    expect(stderr).toMatch(/"alpine" names no transport; .*; the store was not looked at: .*images\.json/);
  });
});
