import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Digest, digestBytes } from "@drayage/digest";
import type { BlobInfoCache, BlobLocation } from "@drayage/transport";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { fileBlobInfoCache } from "../src/index.ts";

const digest = (text: string): Digest => digestBytes(new TextEncoder().encode(text));
const docker = { transport: "docker", scope: "example.com" };
const at = (location: string): BlobLocation => ({ ...docker, location });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  path = join(folder, "caches", "blobs");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function places(cache: BlobInfoCache, of: Digest = digest("a")): Promise<readonly string[]> {
  return (await cache.locations(of, docker)).map(({ location }) => location);
}

async function keep(work: (cache: BlobInfoCache) => void, limit?: number): Promise<void> {
  const cache = fileBlobInfoCache({ path, limit });
  work(cache);
  await cache.close();
}

describe("a cache in a file", () => {
  it("knows what was noted before, in this process and by earlier ones", async () => {
    await keep((cache) => {
      cache.recordLocation(digest("a"), at("one"));
      cache.recordVariant(digest("plain"), { digest: digest("a"), compression: "gzip", size: 7 });
    });
    const cache = fileBlobInfoCache({ path });
    expect(await places(cache)).toEqual(["one"]);
    cache.recordLocation(digest("a"), at("two"));
    expect(await places(cache)).toEqual(["two", "one"]);
    cache.forgetLocation(digest("a"), at("one"));
    expect(await places(cache)).toEqual(["two"]);
    expect(await cache.uncompressedDigest(digest("a"))).toBe(digest("plain"));
    expect(await cache.variants(digest("plain"))).toEqual([
      { digest: digest("a"), compression: "gzip", size: 7 },
    ]);
    await cache.close();
    expect(await places(fileBlobInfoCache({ path }))).toEqual(["two"]);
  });

  it("is lines of JSON that only its owner may read, below a line with the version", async () => {
    await keep((cache) => cache.recordLocation(digest("a"), at("one")));
    expect(readFileSync(path, "utf8")).toBe(
      '{"drayage":"blob info cache","version":1}\n\n' +
        `{"digest":"${digest("a")}","at":["docker","example.com","one"]}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "caches")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "caches"))).toEqual(["blobs"]);
  });

  it("is not created, nor its folder, by questions", async () => {
    const cache = fileBlobInfoCache({ path });
    expect(await places(cache)).toEqual([]);
    await cache.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("does not grow by what is said again", async () => {
    const note = (cache: BlobInfoCache) => {
      for (let time = 0; time < 3; time++) {
        cache.recordLocation(digest("a"), at("one"));
        cache.recordVariant(digest("plain"), { digest: digest("gzip"), compression: "gzip" });
      }
    };
    await keep(note);
    expect(readFileSync(path, "utf8").split("\n").filter(Boolean)).toHaveLength(3);
  });

  it("stands in $XDG_CACHE_HOME, or in .cache of the home", async () => {
    for (const [env, expected] of [
      [{ XDG_CACHE_HOME: join(folder, "xdg"), HOME: join(folder, "home") }, "xdg/drayage/blob-info-cache"],
      [{ HOME: join(folder, "home") }, "home/.cache/drayage/blob-info-cache"],
      [{ XDG_CACHE_HOME: "relative", HOME: join(folder, "other") }, "other/.cache/drayage/blob-info-cache"],
    ] as const) {
      const cache = fileBlobInfoCache({ env });
      cache.recordLocation(digest("a"), at("one"));
      await cache.close();
      expect(existsSync(join(folder, expected))).toBe(true);
    }
  });

  it("finds a digest among many, whether it is asked for few or for all", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `blob ${index}`);
    await keep((cache) => {
      for (const name of names) cache.recordLocation(digest(name), at(`of ${name}`));
    });
    const cache = fileBlobInfoCache({ path });
    for (const name of names) expect(await places(cache, digest(name))).toEqual([`of ${name}`]);
  });
});

describe("a damaged cache", () => {
  const line = (text: string, location: string): string =>
    JSON.stringify({ digest: digest(text), at: ["docker", "example.com", location] });
  const header = '{"drayage":"blob info cache","version":1}';

  function write(...lines: readonly string[]): void {
    mkdirSync(join(folder, "caches"));
    writeFileSync(path, lines.join("\n"));
  }

  it("is read but for its damaged lines", async () => {
    write(
      header,
      line("a", "one").slice(0, -9),
      line("a", "two"),
      `{"digest":"${digest("a")}","at":["docker","example.com"]}`,
      `{"digest":"${digest("a")}","at":["docker","example.com",1]}`,
      `{"digest":"${digest("a")}","uncompressed":"sha256:00"}`,
      `{"digest":"${digest("a")}","uncompressed":"${digest("a")}","compression":"rar"}`,
      `{"digest":"${digest("a")}","uncompressed":"${digest("a")}","size":-1}`,
      `"${digest("a")}"`,
      `null ${digest("a")}`,
      `${" ".repeat(9000)}${line("a", "far")}`,
      "\u0000\u0000",
      line("a", "three"),
    );
    expect(await places(fileBlobInfoCache({ path }))).toEqual(["three", "two"]);
    const asked = fileBlobInfoCache({ path });
    for (let time = 0; time < 260; time++) expect(await places(asked)).toEqual(["three", "two"]);
    expect(await asked.uncompressedDigest(digest("a"))).toBeUndefined();
  });

  it("is added to after a line that was cut off, which spoils no other", async () => {
    write(header, line("a", "one"), line("a", "two").slice(0, 40));
    await keep((cache) => cache.recordLocation(digest("a"), at("three")));
    expect(await places(fileBlobInfoCache({ path }))).toEqual(["three", "one"]);
  });

  it("that is no cache at all is replaced once there is something to note", async () => {
    write("SQLite format 3\u0000", line("a", "one"));
    const before = readFileSync(path);
    expect(await places(fileBlobInfoCache({ path }))).toEqual([]);
    expect(readFileSync(path)).toEqual(before);
    await keep((cache) => cache.recordLocation(digest("b"), at("two")));
    expect(await places(fileBlobInfoCache({ path }), digest("b"))).toEqual(["two"]);
    expect(readFileSync(path, "utf8")).not.toContain("SQLite");
  });

  it("that is far too large is replaced without being read", async () => {
    write(header, line("a", "one"), "x".repeat(1024 * 1024 + 5000));
    expect(await places(fileBlobInfoCache({ path, limit: 1000 }))).toEqual([]);
    await keep((cache) => cache.recordLocation(digest("b"), at("two")), 1000);
    expect(statSync(path).size).toBeLessThan(1000);
  });

  it("that a later version has written is neither read nor touched", async () => {
    write('{"drayage":"blob info cache","version":2}', line("a", "one"), "");
    const before = readFileSync(path);
    const cache = fileBlobInfoCache({ path });
    expect(await places(cache)).toEqual([]);
    cache.recordLocation(digest("a"), at("two"));
    expect(await places(cache)).toEqual(["two"]);
    await cache.close();
    expect(readFileSync(path)).toEqual(before);
  });
});

describe("a disk that fails", () => {
  async function works(cache: BlobInfoCache): Promise<void> {
    expect(await places(cache)).toEqual([]);
    cache.recordLocation(digest("a"), at("one"));
    await delay(20);
    cache.recordLocation(digest("a"), at("two"));
    expect(await places(cache)).toEqual(["two", "one"]);
    await cache.close();
    await cache.close();
  }

  it("leaves a cache in memory: a file where a folder should be", async () => {
    writeFileSync(join(folder, "caches"), "");
    await works(fileBlobInfoCache({ path }));
  });

  it("leaves a cache in memory: a folder where the file should be", async () => {
    mkdirSync(path, { recursive: true });
    await works(fileBlobInfoCache({ path }));
  });

  it("leaves a cache in memory: a device that is full", async () => {
    await works(fileBlobInfoCache({ path: "/dev/full" }));
  });

  it("leaves a cache in memory: a file system that is not written to", async () => {
    await works(fileBlobInfoCache({ path: "/proc/drayage/blobs" }));
  });

  it.skipIf(process.getuid?.() === 0)(
    "leaves a cache in memory: a folder that may not be written",
    async () => {
      mkdirSync(join(folder, "caches"));
      chmodSync(join(folder, "caches"), 0o500);
      await works(fileBlobInfoCache({ path }));
    },
  );

  it("creates the file again where it was removed meanwhile", async () => {
    const cache = fileBlobInfoCache({ path });
    cache.recordLocation(digest("a"), at("one"));
    await cache.close();
    rmSync(join(folder, "caches"), { recursive: true });
    cache.recordLocation(digest("a"), at("two"));
    await cache.close();
    expect(await places(fileBlobInfoCache({ path }))).toEqual(["two"]);
  });
});

describe("a cache that grows", () => {
  it("drops what was said again, what is gone and then the oldest", async () => {
    const limit = 8_000;
    for (let round = 0; round < 20; round++) {
      await keep((cache) => {
        for (let index = 0; index < 10; index++)
          cache.recordLocation(digest(`${index}`), at(`round ${round}`));
        cache.forgetLocation(digest("gone"), at("anywhere"));
      }, limit);
      expect(statSync(path).size).toBeLessThan(limit + 2_000);
    }
    const cache = fileBlobInfoCache({ path, limit });
    for (let index = 0; index < 10; index++) {
      expect((await places(cache, digest(`${index}`)))[0]).toBe("round 19");
    }
    expect(await places(cache, digest("0"))).not.toContain("round 0");
    expect(readdirSync(join(folder, "caches"))).toEqual(["blobs"]);
  });
});

describe("several processes", () => {
  let worker: string;
  beforeEach(async () => {
    worker = await bundleForNode(join(import.meta.dirname, "noting-worker.ts"), folder);
  });

  function start(name: string, count: number): ChildProcess {
    return spawn(process.execPath, [worker, path, name, `${count}`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  it("add to one cache at the same time, and nothing of it is lost", async () => {
    const names = ["a", "b", "c"];
    const ended = names.map(async (name) => (await once(start(name, 200), "exit"))[0] as number);
    expect(await Promise.all(ended)).toEqual([0, 0, 0]);
    const cache = fileBlobInfoCache({ path });
    for (const name of names) {
      for (let index = 0; index < 200; index++) {
        expect(await places(cache, digest(`${index}`))).toContain(`${name} ${index}`);
      }
    }
  });

  it("leave a cache that can be read and added to when one is killed", async () => {
    const child = start("killed", 1_000_000);
    while (!existsSync(path) || statSync(path).size < 5_000) await delay(5);
    child.kill("SIGKILL");
    await once(child, "exit");
    await keep((cache) => cache.recordLocation(digest("a"), at("one")));
    const cache = fileBlobInfoCache({ path });
    expect(await places(cache)).toEqual(["one"]);
    expect(await places(cache, digest("0"))).toEqual(["killed 0"]);
  });
});
