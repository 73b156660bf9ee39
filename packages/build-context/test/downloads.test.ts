import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyRoot, type PackSourcesOptions, packSources, type RootEntry } from "../src/index.ts";

let base: string;
let server: Server;
let url: string;
/** What the server has. */
let served: { content: string; modified: string };

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
  served = { content: "one", modified: "Wed, 21 Oct 2015 07:28:00 GMT" };
  server = createServer((_, response) => {
    response.writeHead(200, { "last-modified": served.modified }).end(served.content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  rmSync(base, { recursive: true, force: true });
});

async function keyOf(destination: string, options: PackSourcesOptions = {}): Promise<string> {
  await using packed = await packSources([`${url}/name`], destination, { contextDir: base, ...options });
  return (await packed.listing()).key.hash;
}

describe("the key of a download", () => {
  it("is that of what the server gives, and of its time", async () => {
    const first = await keyOf("/d/");
    expect(await keyOf("/d/")).toBe(first);
    served = { ...served, content: "two" };
    const second = await keyOf("/d/");
    served = { ...served, modified: "Wed, 21 Oct 2015 07:28:01 GMT" };
    expect(new Set([first, second, await keyOf("/d/")]).size).toBe(3);
  });

  it("is another where the folders that lead to it have other attributes", async () => {
    const folder = { type: "directory", mode: 0o755, uid: 0, gid: 0 } as const;
    const plain: RootEntry = { ...folder, mtime: { seconds: 1, nanoseconds: 0 } };
    const upon = (entry: RootEntry): Promise<string> =>
      keyOf("/d/", { root: { ...emptyRoot, lookup: () => entry } });
    const xattrs = (value: string): RootEntry => ({
      ...plain,
      xattrs: new Map([["user.a", new TextEncoder().encode(value)]]),
    });
    const keys = [
      await upon(plain),
      await upon({ ...plain, uid: 1 }),
      await upon(xattrs("1")),
      await upon(xattrs("2")),
    ];
    expect(await upon(xattrs("2"))).toBe(keys.at(-1));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("a download", () => {
  it("is removed where nothing can be added to its destination", async () => {
    const temporary = join(base, "temporary");
    mkdirSync(temporary);
    vi.stubEnv("TMPDIR", temporary);
    await expect(keyOf("/a\0b/")).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each(["a%2f..", "a%2f.", "a%00"])("has no name that leads elsewhere: %s", async (path) => {
    await expect(packSources([`${url}/${path}`], "/d/", { contextDir: base })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: expect.stringContaining("names no file") as string,
    });
  });
});
