import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithPeers, run } from "@drayage-internal/peers";
import { beforeAll, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

describeWithPeers("an image that umoci unpacks, too", ["umoci"], (peers) => {
  const folder = testFolder();
  const layout = join(folder, "layout");

  beforeAll(async () => {
    const tree = join(folder, "tree");
    const tar = async (name: string, ...files: readonly string[]): Promise<string> => {
      await run("tar", ["-C", tree, "--format=pax", "-cf", join(folder, name), ...files]);
      return join(folder, name);
    };
    mkdirSync(join(tree, "etc", "empty"), { recursive: true });
    mkdirSync(join(tree, "bin"));
    for (const [name, text] of [
      ["etc/hosts", "127.0.0.1"],
      ["etc/motd", "welcome"],
      ["bin/tool", "#!/bin/sh"],
    ] as const)
      writeFileSync(join(tree, name), text);
    await run("sh", ["-c", "chmod 4755 bin/tool && ln bin/tool bin/again && ln -s ../bin/tool etc/link"], {
      cwd: tree,
    });
    const base = await tar("base.tar", "etc", "bin");
    writeFileSync(join(tree, "etc/motd"), "hello");
    writeFileSync(join(tree, "etc/.wh.hosts"), "");
    const top = await tar("top.tar", "etc/motd", "etc/.wh.hosts");
    const copied = await dray(["copy", "-q", `tarball:${base}:${top}`, `oci-dir:${layout}:app`]);
    expect(copied.status).toBe(0);
  });

  it("has the same files, modes, owners, times and links", async () => {
    const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
    await run(peers.umoci, [
      "raw",
      "unpack",
      ...rootless,
      "--image",
      `${layout}:app`,
      join(folder, "theirs"),
    ]);
    expect((await dray(["unpack", "-q", `oci-dir:${layout}:app`, join(folder, "ours")])).status).toBe(0);
    expect(await listing(join(folder, "ours"))).toEqual(await listing(join(folder, "theirs")));
    await run("diff", ["-r", "--no-dereference", join(folder, "ours"), join(folder, "theirs")]);
  });
});

/** What find(1) says of all that is below a folder. Times of folders that a layer has changed are the unpacker's own. */
async function listing(folder: string): Promise<readonly string[]> {
  const { stdout } = await run("find", [".", "-mindepth", "1", "-printf", "%p %y %m %U %G %n %s %l\n"], {
    cwd: folder,
  });
  const times = await run("find", [".", "-type", "f", "-printf", "%p %T@\n"], { cwd: folder });
  return [...stdout.split("\n"), ...times.stdout.split("\n")].filter((line) => line !== "").sort();
}
