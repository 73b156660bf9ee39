import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTar, TarDecoder, type TarEntryInput, type TarEvent, writeTar } from "@drayage/tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyRoot, packSources, tarRoot } from "../src/index.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function tarOf(entries: readonly (TarEntryInput & { readonly content?: string })[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const written = entries.map(({ content = "", ...header }) => ({ header, body: Buffer.from(content) }));
  for await (const chunk of writeTar(written)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function expanded(tar: Uint8Array): Promise<Buffer> {
  writeFileSync(join(base, "x.tar"), tar);
  await using packed = await packSources(["x.tar"], "/", { contextDir: base, expandArchives: true });
  const chunks: Uint8Array[] = [];
  for await (const chunk of packed.tar()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function* eventsOf(tar: Uint8Array): AsyncGenerator<TarEvent, void, undefined> {
  const decoder = new TarDecoder();
  decoder.push(tar);
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
}

describe("an archive that is expanded", () => {
  it("keeps the attributes that an image has, and none of the machine's", async () => {
    const names = ["user.a", "security.capability", "security.selinux", "trusted.overlay.opaque"];
    const xattrs = new Map(names.map((name) => [name, Buffer.from("v")]));
    const found: string[][] = [];
    for await (const { header } of readTar([
      await expanded(await tarOf([{ name: "f", mode: 0o644, xattrs }])),
    ]))
      found.push([...header.xattrs.keys()].sort());
    expect(found).toEqual([["security.capability", "user.a"]]);
  });

  it.each([".", "./", "a/.."])("has no file in the place of the folder that it goes to: %s", async (name) => {
    const tar = await tarOf([{ name, type: "symlink", linkname: "/etc", mode: 0o777 }]);
    await expect(expanded(tar)).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
  });
});

describe("the root that a tar makes", () => {
  it("is refused with more entries than are accepted, and so is more of a file", async () => {
    const tar = await tarOf(["a", "b"].map((name) => ({ name, mode: 0o644, content: "1234" })));
    const options = { events: () => eventsOf(tar), identity: () => undefined };
    const limit = { code: "ERR_DRAYAGE_LIMIT_EXCEEDED" };
    const exact = tarRoot(emptyRoot, { ...options, entryLimit: 2 });
    expect(await exact.lookup("/b")).toMatchObject({ type: "file" });
    expect(Buffer.from((await exact.readFile("/b", 4)) ?? []).toString()).toBe("1234");
    await expect(exact.readFile("/b", 3)).rejects.toMatchObject(limit);
    const short = tarRoot(emptyRoot, { ...options, entryLimit: 1 });
    await expect(short.lookup("/a")).rejects.toMatchObject(limit);
  });
});
