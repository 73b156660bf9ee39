import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
const env = { HOME: folder, CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
writeFileSync(at("registries.conf"), "");
mkdirSync(at("drop-ins"));
writeFileSync(
  at("drop-ins", "own.conf"),
  '[[registry]]\nlocation = "blocked.example"\nblocked = true\n[aliases]\n"short" = "blocked.example/short"\n',
);
const blocked = `is blocked in "${at("drop-ins", "own.conf")}"`;

describe("--registries-conf-dir", () => {
  it.each([
    ["builder", "from", "short"],
    ["builder", "pull", "short"],
    ["builder", "add", "--from", "short", "c", "/a", "/b"],
    ["pull", "short"],
    ["manifest", "create", "list", "docker://blocked.example/short"],
  ])("is what %s %s … reads of registries and short names", async (...argv) => {
    const words = argv[0] === "builder" ? argv.slice(0, 2) : argv.slice(0, argv[0] === "manifest" ? 2 : 1);
    if (argv[1] === "add") await dray(["builder", "from", ...place, "--name", "c", "scratch"], { env });
    const flags = [...place, "--registries-conf-dir", at("drop-ins"), "--insecure-policy"];
    const { status, stderr } = await dray([...words, ...flags, ...argv.slice(words.length)], { env });
    expect(stderr).toContain(blocked);
    expect(status).not.toBe(0);
  });

  it("is what copies read of registries", async () => {
    const flags = ["--insecure-policy", "--registries-conf-dir", at("drop-ins")];
    const { stderr } = await dray(["copy", ...flags, "docker://blocked.example/x", `dir:${at("x")}`], {
      env,
    });
    expect(stderr).toContain(blocked);
  });
});
