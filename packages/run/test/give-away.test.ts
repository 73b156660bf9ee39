import { execFileSync } from "node:child_process";
import { chownSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, describe, expect, it } from "vitest";
import { parseMounts } from "../src/index.ts";
import { giveAway } from "../src/mounts/give-away.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

const owner = { uid: 1234, gid: 4321 };
const usable = process.platform === "linux" && process.getuid?.() === 0;
const suite = usable ? describe : describe.skip;

suite(`files that are given away${usable ? "" : " [skipped: it needs Linux and root]"}`, () => {
  let outside = "";
  let volume = "";
  beforeEach(() => {
    outside = temporaryDirectory();
    volume = temporaryDirectory();
    mkdirSync(path.join(outside, "inner"));
    writeFileSync(path.join(outside, "inner/file"), "");
  });

  const ownerOf = (file: string): readonly number[] => {
    const { uid, gid } = lstatSync(file);
    return [uid, gid];
  };
  const ownersOutside = () => ["", "inner", "inner/file"].map((name) => ownerOf(path.join(outside, name)));
  const roots = [
    [0, 0],
    [0, 0],
    [0, 0],
  ];

  it("are all in the folder, whatever their names; links are, and not what they lead to", async () => {
    mkdirSync(path.join(volume, "a/b"), { recursive: true });
    const strange = Buffer.concat([Buffer.from(`${volume}/a/`), Buffer.from([0xff, 0xfe, 0x0a])]);
    writeFileSync(strange, "");
    execFileSync("mkfifo", [path.join(volume, "a/b/queue")]);
    symlinkSync(outside, path.join(volume, "a/link"));
    symlinkSync("..", path.join(volume, "a/b/up"));
    symlinkSync("/nosuch", path.join(volume, "dangling"));
    await giveAway(volume, owner, undefined);
    for (const name of ["", "a", "a/b", "a/b/queue", "a/link", "a/b/up", "dangling"])
      expect([name, ...ownerOf(path.join(volume, name))]).toEqual([name, 1234, 4321]);
    expect(lstatSync(strange).uid).toBe(1234);
    expect(ownersOutside()).toEqual(roots);
  });

  it("are one file, and the folder that a link of the caller's leads to", async () => {
    const file = path.join(volume, "file");
    writeFileSync(file, "");
    await giveAway(file, owner, undefined);
    expect(ownerOf(file)).toEqual([1234, 4321]);
    expect(ownerOf(volume)).toEqual([0, 0]);
    const link = path.join(outside, "link");
    symlinkSync(volume, link);
    await giveAway(link, owner, undefined);
    expect(ownerOf(volume)).toEqual([1234, 4321]);
    expect(ownerOf(link)).toEqual([0, 0]);
    expect(ownersOutside()).toEqual(roots);
  });

  it("are none outside, however a folder is exchanged for a link meanwhile", async () => {
    for (let number = 0; number < 40; number++)
      mkdirSync(path.join(volume, `${number}`, "inner"), { recursive: true });
    let swapping = true;
    const swaps = (async () => {
      for (let round = 0; swapping; round++) {
        const folder = path.join(volume, `${round % 40}`);
        renameSync(folder, `${folder}.away`);
        symlinkSync(outside, folder);
        await new Promise(setImmediate);
        rmSync(folder);
        renameSync(`${folder}.away`, folder);
      }
    })();
    for (let round = 0; round < 30; round++) await giveAway(volume, owner, undefined);
    swapping = false;
    await swaps;
    expect(ownersOutside()).toEqual(roots);
  });

  it("are no more once that is aborted", async () => {
    await expect(giveAway(volume, owner, AbortSignal.abort())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});

describeIsolations("a volume with U", (common) => {
  it("is the command's user's, and nothing that a link in it leads to is", async () => {
    const root = smallRoot(temporaryDirectory());
    const [volume, outside] = [temporaryDirectory(), temporaryDirectory()];
    for (const folder of [volume, outside]) {
      chownSync(folder, 0, 0);
      writeFileSync(path.join(folder, "file"), "");
    }
    symlinkSync(outside, path.join(volume, "link"));
    symlinkSync(path.join(outside, "file"), path.join(volume, "file-link"));
    const mounts = await parseMounts({ volumes: [`${volume}:/v:U`] });
    const { stdout } = await shell(root, "cd /v; stat -c '%n %u %g' . *; touch new", {
      ...common,
      mounts,
      user: "app",
    });
    expect(stdout).toBe(". 1000 1001\nfile 1000 1001\nfile-link 1000 1001\nlink 1000 1001\n");
    expect([outside, path.join(outside, "file")].map((file) => lstatSync(file).uid)).toEqual([0, 0]);
  });
});
