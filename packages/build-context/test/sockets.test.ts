import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTar } from "@drayage/tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addToRootfs, type PackSourcesOptions, packSources } from "../src/index.ts";

describe("a socket", () => {
  let base: string;
  let server: Server;
  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), "drayage-"));
    mkdirSync(join(base, "context/gs"), { recursive: true });
    mkdirSync(join(base, "rootfs"));
    writeFileSync(join(base, "context/gs/a"), "A");
    server = createServer();
    await new Promise<void>((resolve) => server.listen(join(base, "context/gs/b"), resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(base, { recursive: true });
  });

  async function namesOf(sources: readonly string[], options: PackSourcesOptions): Promise<string[]> {
    await using packed = await packSources(sources, "/d/", options);
    const names: string[] = [];
    for await (const { header } of readTar(packed.tar())) names.push(header.name);
    return names;
  }

  it("that a source or a pattern names is refused by its own name", async () => {
    for (const source of ["gs/b", "gs/*", "*/[b]"]) {
      await expect(namesOf([source], { contextDir: join(base, "context") })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_USAGE",
        message: '"gs/b" is a socket, which no image holds',
      });
    }
    const file = join(base, "context/gs/b");
    await expect(namesOf([join(base, "context/gs/*")], {})).rejects.toMatchObject({
      message: `${JSON.stringify(file)} is a socket, which no image holds`,
    });
  });

  it("that patterns exclude is no concern", async () => {
    const told: string[] = [];
    const options = {
      contextDir: join(base, "context"),
      exclude: ["gs/b"],
      onWarning: (sentence: string) => told.push(sentence),
    };
    await expect(namesOf(["gs/*"], options)).resolves.toEqual(["d/", "d/a"]);
    await expect(namesOf(["gs"], options)).resolves.toEqual(["d/", "d/a"]);
    expect(told).toEqual([]);
  });

  it("in a folder that is added is left out, and told by its name", async () => {
    const told: string[] = [];
    const onWarning = (sentence: string): void => void told.push(sentence);
    await expect(namesOf(["."], { contextDir: join(base, "context"), onWarning })).resolves.toEqual([
      "d/",
      "d/gs/",
      "d/gs/a",
    ]);
    expect(told.splice(0)).toEqual(['"gs/b" is a socket, which no image holds, and is left out']);
    await addToRootfs(join(base, "rootfs"), [join(base, "context")], "/d", { onWarning });
    expect(readdirSync(join(base, "rootfs/d/gs"))).toEqual(["a"]);
    const file = JSON.stringify(join(base, "context/gs/b"));
    expect(told).toEqual([`${file} is a socket, which no image holds, and is left out`]);
  });
});
