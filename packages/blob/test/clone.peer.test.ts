import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createStagedFile, drain, fileBlob } from "../src/index.ts";

const mebibyte = 1024 * 1024;
const content = randomBytes(32 * mebibyte);
const digest = digestBytes(content);

describeWithPeers("on a file system with clones", ["mkfs.xfs"], (peers) => {
  let folder: string;
  let home: string;
  /** Why there is none: mounting takes privileges that not every machine gives. */
  let reason: string | undefined;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
    home = join(folder, "mounted");
    mkdirSync(home);
    const image = join(folder, "image");
    writeFileSync(image, "");
    truncateSync(image, 400 * mebibyte);
    execFileSync(peers["mkfs.xfs"], ["-q", "-m", "reflink=1", image]);
    const mounted = spawnSync("mount", ["-o", "loop", image, home], { encoding: "utf8" });
    if (mounted.status !== 0) reason = "an XFS file system cannot be mounted here";
  });

  afterAll(() => {
    if (reason === undefined) execFileSync("umount", [home]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("a whole file takes no room a second time, is verified, and is a file of its own", async ({ skip }) => {
    if (reason !== undefined) skip(reason);
    const source = join(home, "source");
    writeFileSync(source, content, { flush: true });
    const free = (): number => statfsSync(home).bavail * statfsSync(home).bsize;
    const before = free();
    const file = await createStagedFile(home, { key: digest });
    const totals: number[] = [];
    const result = await drain(fileBlob(source, { digest }), file.sink, {
      onBytes: (total) => void totals.push(total),
    });
    await file.commit(join(home, "blob"), { mode: 0o644 });
    expect(result).toMatchObject({ digest, size: content.length });
    expect(totals.at(-1)).toBe(content.length);
    expect(before - free()).toBeLessThan(8 * mebibyte);
    expect(statSync(join(home, "blob")).ino).not.toBe(statSync(source).ino);
    writeFileSync(source, "changed");
    expect(readFileSync(join(home, "blob")).equals(content)).toBe(true);
    expect(readdirSync(home).sort()).toEqual(["blob", "source"]);
  });

  it("a clone with another digest is refused", async ({ skip }) => {
    if (reason !== undefined) skip(reason);
    const source = join(home, "other");
    writeFileSync(source, content);
    await using file = await createStagedFile(home);
    const wrong = digestBytes(Buffer.from("something else"));
    await expect(drain(fileBlob(source, { digest: wrong }), file.sink)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
  });
});
