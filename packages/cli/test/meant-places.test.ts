import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { withPathColon } from "../src/image-path.ts";
import { dray, type Ran, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const env = {
  HOME: folder,
  CONTAINERS_REGISTRIES_CONF: at("registries.conf"),
  CONTAINERS_STORAGE_CONF: at("storage.conf"),
};
const run = (...argv: readonly string[]): Promise<Ran> => dray(argv, { env });
/** A transport opens the store that the process names, which is this machine's own here. */
const stored = (name: string): string => `containers-storage:[vfs@${at("root")}+${at("run")}]${name}`;

beforeAll(async () => {
  writeFileSync(
    at("registries.conf"),
    'unqualified-search-registries = []\n[aliases]\n"toolbox" = "quay.io/team/toolbox"\n',
  );
  writeFileSync(
    at("storage.conf"),
    `[storage]\ndriver = "vfs"\ngraphroot = "${at("root")}"\nrunroot = "${at("run")}"\n`,
  );
  writeTarFile(at("files.tar"), "etc/release", "1");
  const names = ["localhost/mini:latest", "quay.io/team/toolbox:2", "docker.io/library/alpine:latest"];
  for (const place of [...names.map(stored), `oci-dir:${at("layout")}:app`]) {
    expect(await run("copy", "-q", `tarball:${at("files.tar")}`, place)).toMatchObject({
      status: 0,
      stderr: "",
    });
  }
});

describe("dray copy of what names no transport", () => {
  it.each([
    ["mini", "containers-storage:localhost/mini:latest"],
    ["mini:latest", "containers-storage:localhost/mini:latest"],
    ["toolbox:2", "containers-storage:quay.io/team/toolbox:2"],
    ["alpine", "containers-storage:docker.io/library/alpine:latest"],
  ])("%s: asks whether %s is meant, which can be copied", async (name, meant) => {
    const { status, stdout, stderr } = await run("copy", "-q", name, `dir:${at("never")}`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^dray: source: .*; did you mean containers-storage:[^ ]*\?\n$/);
    expect(stderr).toContain(`did you mean ${meant}?`);
    const place = stored(meant.slice("containers-storage:".length));
    expect(await run("copy", "-q", place, `dir:${at("out")}`)).toMatchObject({ status: 0, stderr: "" });
  });

  it("shows the ways to write a place where the store has no such image, and as skopeo", async () => {
    const { stderr } = await run("copy", "-q", "nothere", "dir:x");
    expect(stderr).toContain(
      "containers-storage:nothere or, if made here, containers-storage:localhost/nothere\n",
    );
    const skopeo = await dray(["copy", "-q", "mini", "dir:x"], { env, calledAs: "/usr/bin/skopeo" });
    expect(skopeo.stderr).not.toContain("did you mean");
  });
});

describe("a path in an image whose colon was left out", () => {
  it.each(["ls", "cat"])("dray %s tells how it is written", async (command) => {
    const path = command === "ls" ? "etc" : "etc/release";
    const { status, stderr } = await run(command, `oci-dir:${at("layout")}:app/${path}`);
    expect(status).not.toBe(0);
    const meant = `oci-dir:${at("layout")}:app:/${path}`;
    expect(stderr.endsWith(`; a path in an image stands behind a colon: ${meant}\n`)).toBe(true);
    expect(await run(command, meant)).toMatchObject({
      status: 0,
      stdout: command === "ls" ? "release\n" : "1",
    });
  });

  it.each([
    ["oci-dir:layout:app/etc", "oci-dir:layout:app:/etc"],
    ["oci-dir:/a/b:app/etc/x", "oci-dir:/a/b:app:/etc/x"],
    ["localhost/mini:1/etc", "localhost/mini:1:/etc"],
    ["docker://quay.io/a/b:1/etc", "docker://quay.io/a/b:1:/etc"],
    ["docker://localhost:5000/name", undefined],
    ["docker://quay.io/a/b", undefined],
    ["oci-dir:/a/b", undefined],
    ["/a:b/c", undefined],
    ["alpine", undefined],
  ])("%s: %s", (text, meant) => {
    expect(withPathColon(text)).toBe(meant);
  });

  it("is not spoken of where another thing is wrong", async () => {
    expect((await run("ls", "oci-dir:nowhere")).stderr).not.toContain("behind a colon");
  });
});

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("dray builder, of a name that is nearly a transport", () => {
  it.each([["pull"], ["from"]])("%s asks whether that is meant", async (command) => {
    const { status, stderr } = await run("builder", command, "-q", "ocidir:/no/where");
    expect(status).toBe(125);
    expect(stderr).toMatch(/; did you mean oci-dir:\/no\/where\?\n$/);
    const called = await dray([command, "-q", "ocidir:/no/where"], { env, calledAs: "/usr/bin/buildah" });
    expect(called.status).toBe(125);
    expect(called.stderr).not.toContain("did you mean");
    expect((await run("builder", command, "-q", "dir:/no/where")).stderr).not.toContain("did you mean");
  });
});
