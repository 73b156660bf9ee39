import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStagedFile, drain, fileBlob, inflated, removeLeftovers, thisOwner } from "../src/index.ts";
import { formatStagedName } from "../src/staged-name.ts";

const content = Buffer.alloc(700_000, "a layer ");
const digest = digestBytes(content);

let folder: string;
let target: string;
let source: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  target = join(folder, "target");
  source = join(folder, "source");
  mkdirSync(target);
  writeFileSync(source, content, { mode: 0o640 });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a staged file that may become a link", () => {
  it("is the source itself, verified, with its mode, and leaves nothing beside it", async () => {
    const file = await createStagedFile(target, { key: digest, link: true });
    const totals: number[] = [];
    const result = await drain(fileBlob(source, { digest }), file.sink, {
      onBytes: (total) => void totals.push(total),
    });
    expect(result).toMatchObject({ digest, size: content.length });
    expect(totals.at(-1)).toBe(content.length);
    await file.commit(join(target, "blob"), { mode: 0o644 });
    expect(statSync(join(target, "blob")).ino).toBe(statSync(source).ino);
    expect(statSync(source)).toMatchObject({ nlink: 2, size: content.length });
    expect(statSync(source).mode & 0o777).toBe(0o640);
    expect(readdirSync(target)).toEqual(["blob"]);
  });

  it("is a link of what a symbolic link points to", async () => {
    const name = join(folder, "name");
    symlinkSync(source, name);
    const file = await createStagedFile(target, { link: true });
    await drain(fileBlob(name, { digest }), file.sink);
    await file.commit(join(target, "blob"));
    expect(statSync(join(target, "blob")).ino).toBe(statSync(source).ino);
  });

  it("may take the place of another name of the same file", async () => {
    linkSync(source, join(target, "blob"));
    const file = await createStagedFile(target, { link: true });
    await drain(fileBlob(source), file.sink);
    await file.commit(join(target, "blob"));
    expect(readdirSync(target)).toEqual(["blob"]);
    expect(statSync(source).nlink).toBe(2);
  });

  it("that does not hash to its digest is discarded, and the source stays as it was", async () => {
    const file = await createStagedFile(target, { link: true });
    const wrong = digestBytes(Buffer.from("something else"));
    await expect(drain(fileBlob(source, { digest: wrong }), file.sink)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
    await file.discard();
    expect(readdirSync(target)).toEqual([]);
    expect(statSync(source)).toMatchObject({ nlink: 1, size: content.length });
    expect(readFileSync(source).equals(content)).toBe(true);
  });

  it("is a copy where bytes are made anew, or only a range is wanted", async () => {
    for (const blob of [inflated(fileBlob(source)), fileBlob(source, { offset: 0, length: 1000 })]) {
      const file = await createStagedFile(target, { link: true });
      await drain(blob, file.sink);
      await file.commit(join(target, "blob"));
      expect(statSync(join(target, "blob")).ino).not.toBe(statSync(source).ino);
    }
    expect(statSync(source).nlink).toBe(1);
  });

  it("is a copy between two file systems", async ({ skip }) => {
    const other = "/dev/shm";
    if (!existsSync(other) || statSync(other).dev === statSync(folder).dev) {
      skip("this machine has one file system only");
    }
    const elsewhere = mkdtempSync(join(other, "drayage-"));
    try {
      const file = await createStagedFile(elsewhere, { link: true });
      await drain(fileBlob(source, { digest }), file.sink);
      await file.commit(join(elsewhere, "blob"), { mode: 0o600 });
      expect(readFileSync(join(elsewhere, "blob")).equals(content)).toBe(true);
      expect(statSync(join(elsewhere, "blob")).mode & 0o777).toBe(0o600);
      expect(readdirSync(elsewhere)).toEqual(["blob"]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it("is a copy where links are not asked for", async () => {
    const file = await createStagedFile(target);
    await drain(fileBlob(source, { digest }), file.sink);
    await file.commit(join(target, "blob"));
    chmodSync(join(target, "blob"), 0o600);
    expect(statSync(source).nlink).toBe(1);
  });
});

describe("a link that a killed process left", () => {
  /** A process that has ended. */
  function deadOwner() {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    return { ...thisOwner(), pid, start: "1" };
  }

  it("is never written to, so that the source stays whole, and is removed", async () => {
    const hex = digest.replace(":", "_");
    const resumable = join(target, formatStagedName({ key: hex, owner: deadOwner() }));
    const leftover = join(target, formatStagedName({ key: "", owner: deadOwner() }));
    linkSync(source, resumable);
    linkSync(source, leftover);
    const file = await createStagedFile(target, { key: digest });
    expect(file.present).toBe(0);
    await drain(fileBlob(source, { digest }), file.sink);
    await file.commit(join(target, "blob"));
    await removeLeftovers(target);
    expect(existsSync(leftover)).toBe(false);
    expect(readFileSync(source).equals(content)).toBe(true);
    expect(statSync(join(target, "blob")).ino).not.toBe(statSync(source).ino);
  });
});
