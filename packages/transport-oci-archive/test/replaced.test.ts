import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomImage, writeImage } from "@drayage/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ociArchive } from "../src/index.ts";

const transport = ociArchive();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** Writes an image, and gives what the user is warned of. */
async function write(text: string, options: { append?: boolean; commit?: boolean } = {}): Promise<string[]> {
  const { append, commit = true } = options;
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const output = await transport.openDestination(transport.parse(text), { append, onWarning });
  await writeImage(output, await randomImage({ seed: text }), { commit });
  await output.close();
  return warnings;
}

describe("an archive that holds images of other names", () => {
  it("is replaced with a warning that names them", async () => {
    expect(await write(`${at("a.tar")}:one`)).toEqual([]);
    expect(await write(`${at("a.tar")}:two`, { append: true })).toEqual([]);
    expect(await write(`${at("a.tar")}:two`)).toEqual([
      `${JSON.stringify(at("a.tar"))} was replaced, and with it the images "one": to add to an archive, use append (dray copy --dest-append)`,
    ]);
    expect(await transport.listTags(transport.parse(at("a.tar")))).toEqual(["two"]);
  });

  it("is replaced by one without a name with a warning too, which shows ten names at most", async () => {
    for (let count = 0; count < 12; count++) await write(`${at("a.tar")}:v${count}`, { append: true });
    const [warning] = await write(at("a.tar"));
    expect(warning).toContain(`"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9" and 2 more:`);
  });

  it("is left in silence where nothing is committed", async () => {
    await write(`${at("a.tar")}:one`);
    expect(await write(`${at("a.tar")}:two`, { commit: false })).toEqual([]);
  });
});

it("an archive of the same name, and a file that is no archive, are replaced in silence", async () => {
  await write(`${at("a.tar")}:one`);
  expect(await write(`${at("a.tar")}:one`)).toEqual([]);
  writeFileSync(at("text"), "no archive");
  expect(await write(`${at("text")}:one`)).toEqual([]);
});

it("an archive that is not there, but would be with a colon in its path, is an error that says how to write it", async () => {
  await write(`${at("a\\:b.tar")}:one`);
  for (const rest of ["", ":one"]) {
    await expect(transport.openSource(transport.parse(`${at("a:b.tar")}${rest}`))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      message: `${JSON.stringify(at("a"))}: there is no such file`,
      hint: `${JSON.stringify(at("a:b.tar"))} is there: write a colon of the path as \\: (oci-archive:${at("a\\:b.tar")}${rest})`,
    });
  }
  await expect(transport.openSource(transport.parse(`${at("c")}:x`))).rejects.toMatchObject({
    hint: "check the path",
  });
});
