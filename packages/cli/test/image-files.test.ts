import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { beforeAll, describe, expect, it } from "vitest";
import { imagePaths } from "../src/image-path.ts";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const layout = join(folder, "layout");
const image = (name: string): string => `oci-dir:${layout}:${name}`;

function layer(file: string, entries: readonly (readonly [TarEntryInput, string?])[]): string {
  const parts = entries.flatMap(([header, content = ""]) => [
    encodeTarHeader({ mode: 0o644, mtime: { seconds: 0, nanoseconds: 0 }, ...header, size: content.length }),
    Buffer.from(content),
    tarPadding(content.length),
  ]);
  writeFileSync(join(folder, file), Buffer.concat([...parts, tarEnd()]));
  return join(folder, file);
}

beforeAll(async () => {
  mkdirSync(layout, { recursive: true });
  const base = layer("base.tar", [
    [{ name: "etc/", mode: 0o755 }],
    [{ name: "etc/hosts" }, "127.0.0.1"],
    [{ name: "etc/motd", uid: 7, gid: 1234 }, "welcome"],
    [{ name: "etc/link", type: "symlink", linkname: "motd", mode: 0o777 }],
  ]);
  const top = layer("top.tar", [
    [{ name: "etc/", mode: 0o1777 }],
    [{ name: "etc/motd", mode: 0o4755 }, "hello, world"],
    [{ name: "etc/.wh.hosts" }],
    [{ name: "etc/new\u001b[31m" }, "x"],
  ]);
  expect((await dray(["copy", "-q", `tarball:${base}`, image("one")])).status).toBe(0);
  expect((await dray(["copy", "-q", `tarball:${base}:${top}`, image("two")])).status).toBe(0);
});

describe("an image and a path in it", () => {
  it.each([
    ["oci-dir:/tmp/layout", "oci-dir:/tmp/layout", undefined],
    ["oci-dir:/tmp/layout:/etc", "oci-dir:/tmp/layout", "/etc"],
    ["docker://host:5000/name:1.0:/etc/hosts", "docker://host:5000/name:1.0", "/etc/hosts"],
    ["docker://host:5000/name", "docker://host:5000/name", undefined],
    ["docker://host/name:/", "docker://host/name", "/"],
    ["containers-storage:[vfs@/a+/b]name:/x", "containers-storage:[vfs@/a+/b]name", "/x"],
    ["oci:relative:tag:/a:/b", "oci:relative:tag:/a", "/b"],
    ["alpine:3.18:/etc", "alpine:3.18", "/etc"],
    ["nothing", "nothing", undefined],
  ])("%s", (text, name, path) => {
    expect(imagePaths(text)[0]).toEqual({ image: name, path });
  });

  it("what may be a scheme is one first, and else the name of an image", () => {
    expect(imagePaths("alpine:/etc")).toEqual([
      { image: "alpine:/etc", path: undefined },
      { image: "alpine", path: "/etc" },
    ]);
    expect(imagePaths("quay.io/a/b:/")).toHaveLength(2);
    expect(imagePaths("docker://alpine")).toHaveLength(1);
    expect(imagePaths(":/etc")).toHaveLength(1);
  });
});

describe("dray ls", () => {
  it("lists a folder by name, with what would steer a terminal made harmless", async () => {
    const { status, stdout } = await dray(["ls", `${image("two")}:/etc`]);
    expect({ status, lines: stdout.split("\n") }).toMatchObject({ status: 0, lines: { length: 4 } });
    expect(stdout.split("\n").slice(0, 2)).toEqual(["link", "motd"]);
    expect(stdout).not.toContain("\u001b");
  });

  it("-l shows modes, owners, sizes, times and targets", async () => {
    expect((await dray(["ls", "-l", `${image("one")}:/etc`])).stdout.split("\n")).toEqual([
      "-rw-r--r-- 0    0 9 1970-01-01 00:00 hosts",
      "lrwxrwxrwx 0    0 0 1970-01-01 00:00 link -> motd",
      "-rw-r--r-- 7 1234 7 1970-01-01 00:00 motd",
      "",
    ]);
    expect((await dray(["ls", "-l", `${image("two")}:/etc/motd`])).stdout).toBe(
      "-rwsr-xr-x 0 0 12 1970-01-01 00:00 /etc/motd\n",
    );
  });

  it("-R lists all below the root, by path", async () => {
    expect((await dray(["ls", "-R", image("one")])).stdout).toBe(
      "/\n/etc\n/etc/hosts\n/etc/link\n/etc/motd\n",
    );
  });

  it("--json prints an object a line", async () => {
    const { stdout } = await dray(["ls", "--json", `${image("one")}:/etc`]);
    const [first] = stdout.split("\n").map((line) => (line === "" ? undefined : JSON.parse(line)));
    expect(first).toMatchObject({ path: "/etc/hosts", type: "file", mode: "0644", size: 9, uid: 0 });
  });

  it("ends with a sentence for a path that is not there", async () => {
    const { status, stderr } = await dray(["ls", `${image("two")}:/etc/hosts`]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/^dray: source: "\/etc\/hosts" is not in the image; [^\n]+\n$/);
  });
});

describe("dray cat", () => {
  it("prints a file, through links", async () => {
    expect((await dray(["cat", `${image("two")}:/etc/link`])).stdout).toBe("hello, world");
    expect((await dray(["cat", `${image("one")}:/etc/link`])).stdout).toBe("welcome");
  });

  it("says how a file is named where none is", async () => {
    const { status, stderr } = await dray(["cat", image("one")]);
    expect(status).not.toBe(0);
    expect(stderr).toContain("write IMAGE:/PATH");
  });
});

describe("dray diff", () => {
  it("tells what was added, changed and deleted, with sizes", async () => {
    const { status, stdout } = await dray(["diff", image("one"), image("two")]);
    expect(status).toBe(0);
    expect(stdout.split("\n").map((line) => line.replace(/new.*\(/, "new ("))).toEqual([
      "C /etc (mode)",
      "D /etc/hosts (9 B)",
      "C /etc/motd (mode, owner, content: 7 B to 12 B)",
      "A /etc/new (1 B)",
      "",
    ]);
  });

  it("--json prints an object a line", async () => {
    const lines = (await dray(["diff", "--json", image("one"), image("two")])).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))[1]).toEqual({
      kind: "removed",
      path: "/etc/hosts",
      sizeBefore: 9,
    });
  });

  it("prints nothing for equal images", async () => {
    expect(await dray(["diff", image("one"), image("one")])).toMatchObject({ status: 0, stdout: "" });
  });
});
