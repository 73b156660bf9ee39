import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ociArchive } from "../src/index.ts";

const transport = ociArchive();
const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "images"));
symlinkSync(join(folder, "images"), join(folder, "link"));

it("the scopes of a policy are the file and the folders that it is in, without the image's name", async () => {
  const scopes = await transport.policyScopes?.(transport.parse(`${folder}/link/app:name`));
  expect(scopes?.slice(0, 3)).toEqual([join(folder, "images/app"), join(folder, "images"), folder]);
  expect(scopes?.at(-1)).toBe(folder.slice(0, folder.indexOf("/", 1)));
});
