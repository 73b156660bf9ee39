import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileCacheFolder } from "../src/compile-cache.ts";
import { testFolder } from "./run-dray.ts";

const folder = testFolder();
let count = 0;

/** A new folder that nobody else can write to. */
function privateFolder(): string {
  const made = join(folder, `base${count++}`);
  mkdirSync(made, { mode: 0o700 });
  return made;
}

describe.skipIf(process.getuid === undefined)("the folder for compiled code", () => {
  it("is drayage/compiled in $XDG_CACHE_HOME, for the user alone", () => {
    const base = privateFolder();
    expect(compileCacheFolder({ XDG_CACHE_HOME: base, HOME: "/nonexistent" })).toBe(
      join(base, "drayage/compiled"),
    );
    expect(statSync(join(base, "drayage/compiled")).mode & 0o777).toBe(0o700);
    expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBe(join(base, "drayage/compiled"));
  });

  it("is in ~/.cache otherwise, where there is one", () => {
    const home = privateFolder();
    expect(compileCacheFolder({ HOME: home })).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
    mkdirSync(join(home, ".cache"), { mode: 0o700 });
    expect(compileCacheFolder({ HOME: home, XDG_CACHE_HOME: "" })).toBe(
      join(home, ".cache/drayage/compiled"),
    );
    expect(compileCacheFolder({})).toBeUndefined();
  });

  it.each(["", "drayage", "drayage/compiled"])("is refused where others may write to /%s", (open) => {
    const base = privateFolder();
    for (const mode of [0o770, 0o707]) {
      mkdirSync(join(base, open), { recursive: true });
      chmodSync(join(base, open), mode);
      expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBeUndefined();
    }
    if (open === "") expect(readdirSync(base)).toEqual([]);
    chmodSync(join(base, open), 0o755);
    expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBe(join(base, "drayage/compiled"));
  });

  it("is refused where a link stands in its way", () => {
    for (const at of ["drayage", "drayage/compiled"]) {
      const base = privateFolder();
      mkdirSync(join(base, at, ".."), { recursive: true });
      symlinkSync(privateFolder(), join(base, at));
      expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBeUndefined();
    }
  });

  it.skipIf(process.getuid?.() !== 0)("is refused in another user's home", () => {
    const home = privateFolder();
    mkdirSync(join(home, ".cache"));
    chownSync(join(home, ".cache"), 12_345, 12_345);
    expect(compileCacheFolder({ HOME: home })).toBeUndefined();
    expect(readdirSync(join(home, ".cache"))).toEqual([]);
  });

  it("is none, without an error, where nothing can be written", () => {
    const base = privateFolder();
    writeFileSync(join(base, "drayage"), "");
    expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBeUndefined();
    const readOnly = privateFolder();
    chmodSync(readOnly, 0o500);
    // Root may write all the same.
    const mayWrite = process.getuid?.() === 0;
    expect(compileCacheFolder({ XDG_CACHE_HOME: readOnly }) !== undefined).toBe(mayWrite);
  });

  it("is none where the environment says what Node is to do", () => {
    const base = privateFolder();
    for (const variable of ["NODE_COMPILE_CACHE", "NODE_DISABLE_COMPILE_CACHE"]) {
      expect(compileCacheFolder({ XDG_CACHE_HOME: base, [variable]: "1" })).toBeUndefined();
    }
    expect(existsSync(join(base, "drayage"))).toBe(false);
  });
});
