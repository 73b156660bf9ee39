import { join } from "node:path";
import { expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const store = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];

async function run(...argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await dray(argv, {
    env: { XDG_CACHE_HOME: folder, SOURCE_DATE_EPOCH: "1" },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

it("an image of the store is pushed to any transport in either format, and says all that it said", async () => {
  const tar = join(folder, "one.tar");
  writeTarFile(tar, "one", "1");
  const made = `oci-dir:${join(folder, "made")}:app`;
  await run("append", "-q", "--layer", tar, "scratch", made);
  const health = ["--healthcheck", "true", "--shell", '["/bin/sh"]', "--onbuild", "RUN x", "--env", "A=<b>"];
  await run("mutate", "-q", ...health, made, made);
  for (const stored of ["oci", "v2s2"]) {
    const name = `localhost/from-${stored}:1`;
    await run("copy", "-q", "--format", stored, made, `dir:${join(folder, stored)}`);
    const place = `containers-storage:[vfs@${join(folder, "root")}+${join(folder, "run")}]${name}`;
    await run("copy", "-q", `dir:${join(folder, stored)}`, place);
    const wanted = JSON.parse(await run("inspect", "--config", made)) as { config: object };
    const places: readonly (readonly [transport: string, formats: readonly string[]])[] = [
      ["dir", ["oci", "v2s2"]],
      ["oci-dir", ["oci"]],
      ["oci-archive", ["oci"]],
      ["docker-archive", ["v2s2"]],
    ];
    for (const [transport, formats] of places) {
      for (const format of formats) {
        const to = `${transport}:${join(folder, `${stored}-${transport}-${format}`)}${transport === "dir" ? "" : ":x"}`;
        await run("push", "-q", ...store, "--format", format, name, to);
        expect((JSON.parse(await run("inspect", "--config", to)) as { config: object }).config).toEqual(
          wanted.config,
        );
        expect(await run("cat", `${to}:/one`)).toBe("1");
      }
    }
  }
});
