import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomImage, writeImage } from "@drayage/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ociDir } from "../src/index.ts";

const transport = ociDir();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

it("a layout that is not there, but would be with a colon in its path, is an error that says how to write it", async () => {
  const output = await transport.openDestination(transport.parse(`${at("a\\:b")}:one`));
  await writeImage(output, await randomImage({ seed: 1 }));
  await output.close();
  for (const rest of ["", ":one"]) {
    const reference = transport.parse(`${at("a:b")}${rest}`);
    const expected = {
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      hint: `${JSON.stringify(at("a:b"))} is there: write a colon of the path as \\: (oci-dir:${at("a\\:b")}${rest})`,
    };
    await expect(transport.openSource(reference)).rejects.toMatchObject(expected);
    await expect(transport.listTags(reference)).rejects.toMatchObject(expected);
    await expect(transport.deleteImage(reference)).rejects.toMatchObject(expected);
  }
  await expect(transport.openSource(transport.parse(`${at("c")}:x`))).rejects.toMatchObject({
    hint: "check the path",
  });
});
