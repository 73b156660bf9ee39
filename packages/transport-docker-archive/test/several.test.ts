import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { digestHex } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import { createArchiveWriter } from "../src/index.ts";
import { archiveOf, item, manifestMember, members, newFile, newPath, readWhole, whole } from "./archives.ts";
import {
  type FixtureImage,
  image,
  layerA,
  layerB,
  layerC,
  listTags,
  open,
  put,
  tar,
  transport,
} from "./fixtures.ts";

const one = image([layerA]);
const two = image([layerA, layerB]);
const three = image([layerA, layerB, layerC]);

async function append(text: string, of: FixtureImage, additionalTags: string[] = []): Promise<void> {
  await using destination = await open(text, { append: true, additionalTags });
  await put(destination, of);
  await destination.commit();
}

function namesIn(file: string): string[] {
  const names: string[] = [];
  const bytes = readFileSync(file);
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const field = (start: number, length: number): string =>
      bytes
        .subarray(at + start, at + start + length)
        .toString()
        .replace(/\0.*$/s, "");
    names.push(field(0, 100));
    at += 512 + Math.ceil(Number.parseInt(field(124, 12), 8) / 512) * 512;
  }
  return names;
}

describe("an image is added to an archive", () => {
  it("with the layers that it lacks, and the others stay as they are", async () => {
    const file = newPath();
    await append(`${file}:one:1`, one);
    await append(`${file}:two:2`, two, ["other:2"]);
    await append(file, three);
    expect(await listTags(file)).toEqual([
      "docker.io/library/one:1",
      "docker.io/library/two:2",
      "docker.io/library/other:2",
      "@2",
    ]);
    expect(await readWhole(`${file}:one:1`)).toEqual(whole(one));
    expect(await readWhole(`${file}:other:2`)).toEqual(whole(two));
    expect(await readWhole(`${file}:@2`)).toEqual(whole(three));
    const names = namesIn(file);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => /^[0-9a-f]{64}\.tar$/.test(name))).toHaveLength(3);
    expect(names.slice(-2)).toEqual(["manifest.json", "repositories"]);
  });

  it("and gives the bytes that one writer of both gives", async () => {
    const [appended, written] = [newPath(), newPath()];
    await append(`${appended}:one:1`, one);
    await append(`${appended}:three:3`, three);
    await using writer = await createArchiveWriter(written);
    for (const [name, of] of [
      ["one:1", one],
      ["three:3", three],
    ] as const) {
      await using destination = await transport.openDestination?.(writer.reference(name));
      if (destination === undefined) throw new Error("it can write");
      await put(destination, of);
      await destination.commit();
    }
    await writer.commit();
    expect(Buffer.compare(readFileSync(appended), readFileSync(written))).toBe(0);
  });

  it("and a name that another image had moves to it", async () => {
    const file = newPath();
    await append(`${file}:app:latest`, one, ["app:1"]);
    await append(`${file}:docker.io/library/app`, two);
    expect(await listTags(file)).toEqual(["docker.io/library/app:1", "docker.io/library/app:latest"]);
    expect(await readWhole(`${file}:app`)).toEqual(whole(two));
    expect(await readWhole(`${file}:app:1`)).toEqual(whole(one));
    await append(`${file}:app:1`, two);
    expect(await listTags(file)).toEqual(["@0", "docker.io/library/app:latest", "docker.io/library/app:1"]);
    const repositories = JSON.parse(tarMember(file, "repositories"));
    expect(Object.keys(repositories)).toEqual(["docker.io/library/app"]);
    expect(repositories["docker.io/library/app"]["1"]).toBe(repositories["docker.io/library/app"].latest);
  });

  it("and an image that is there already only gets the new name", async () => {
    const file = newPath();
    await append(`${file}:a:1`, two);
    const before = namesIn(file);
    await append(`${file}:a:1`, two);
    await append(`${file}:b:1`, two);
    expect(namesIn(file)).toEqual(before);
    expect(await listTags(file)).toEqual(["docker.io/library/a:1", "docker.io/library/b:1"]);
  });

  it("and layers of an OCI layout within, as docker save writes it, are shared", async () => {
    const blob = (hex: string): string => `blobs/sha256/${hex}`;
    const [a = ""] = one.layers.map(({ diffId }) => digestHex(diffId));
    const entry = {
      Config: blob("config"),
      RepoTags: ["busybox:old"],
      Layers: [blob(a)],
      LayerSources: { x: {} },
    };
    const file = archiveOf([
      { name: "blobs/", type: "directory" },
      { name: blob(a), data: layerA },
      { name: "index.json", data: "{}" },
      { name: blob("config"), data: one.config },
      manifestMember([entry]),
      { name: "oci-layout", data: "{}" },
      { name: "repositories", data: '{"busybox":{"old":"x"}}' },
    ]);
    await append(`${file}:busybox:new`, two, ["busybox:old"]);
    const names = namesIn(file);
    expect(names).not.toContain(`${a}.tar`);
    expect(names).not.toContain("index.json");
    expect(names).not.toContain("oci-layout");
    expect(JSON.parse(tarMember(file, "manifest.json"))[0]).toEqual({ ...entry, RepoTags: [] });
    expect(await readWhole(`${file}:busybox:old`)).toEqual(whole(two));
    expect(await readWhole(`${file}:@0`)).toEqual(whole(one));
    expect(Object.keys(JSON.parse(tarMember(file, "repositories")))).toEqual(["docker.io/library/busybox"]);
  });

  it("and layers that are compressed there are not shared", async () => {
    const [a = ""] = one.layers.map(({ diffId }) => digestHex(diffId));
    const list = [
      { name: "a.tar.gz", data: gzipSync(layerA) },
      { name: "config.json", data: one.config },
      manifestMember([{ ...item(one), Layers: ["a.tar.gz"] }]),
    ];
    const file = archiveOf(list);
    await append(`${file}:two:1`, two);
    expect(namesIn(file)).toContain(`${a}.tar`);
    expect(await readWhole(`${file}:@0`)).toEqual(whole(one));
    expect(await readWhole(`${file}:two:1`)).toEqual(whole(two));
  });

  it("and the archive may lack its end, down to the last byte of data", async () => {
    const list = [...members(one), { name: "last", data: "odd" }];
    const bytes = tar(list);
    const file = newFile(bytes.subarray(0, bytes.length - 1024 - 509));
    await append(`${file}:two:1`, two);
    expect(await readWhole(`${file}:@0`)).toEqual(whole(one));
    expect(await readWhole(`${file}:two:1`)).toEqual(whole(two));
    expect(tarMember(file, "last")).toBe("odd");
  });

  it("or not, and then the archive is as it was", async () => {
    const file = newPath();
    await append(`${file}:a:1`, two);
    const before = readFileSync(file);
    const destination = await open(`${file}:b:1`, { append: true });
    await put(destination, three);
    await destination.close();
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
    expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it.each<[string, () => string, string, RegExp]>([
    [
      "that is compressed",
      () => newFile(gzipSync(tar(members(one)))),
      "ERR_DRAYAGE_DESTINATION_REFUSED",
      /it is compressed/,
    ],
    [
      "of the format before docker 1.10",
      () =>
        archiveOf([
          { name: "x/json", data: "{}" },
          { name: "x/layer.tar", data: layerA },
        ]),
      "ERR_DRAYAGE_DESTINATION_REFUSED",
      /it has no manifest.json/,
    ],
    ["that is none", () => newFile("hello ".repeat(100)), "ERR_DRAYAGE_ARCHIVE_INVALID", /offset 0/],
    [
      "whose layer is damaged",
      () => archiveOf(members(one).map((each, index) => (index === 0 ? { ...each, data: layerB } : each))),
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      /docker-archive:/,
    ],
    [
      "whose repositories are malformed",
      () => archiveOf([...members(one), { name: "repositories", data: "[]" }]),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /repositories/,
    ],
  ])("but not to one %s, which stays as it is", async (_, make, code, message) => {
    const file = make();
    const before = readFileSync(file);
    await expect(open(file, { append: true })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
    expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("but not where a file of the layer's name is another one", async () => {
    const [a = ""] = one.layers.map(({ diffId }) => digestHex(diffId));
    const file = archiveOf([...members(image([])), { name: `${a}.tar`, data: layerB }]);
    await using destination = await open(file, { append: true });
    await expect(put(destination, one)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: expect.stringContaining(`another file called "${a}.tar"`),
    });
  });

  it("but not where the archive was changed meanwhile", async () => {
    const file = newPath();
    await append(`${file}:a:1`, one);
    await using destination = await open(`${file}:b:1`, { append: true });
    await put(destination, two);
    await append(`${file}:c:1`, two);
    await expect(destination.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_EXISTS" });
    expect(await listTags(file)).toEqual(["docker.io/library/a:1", "docker.io/library/c:1"]);
  });
});

describe("a writer of several images", () => {
  it("leaves out what was not committed", async () => {
    const [file, wanted] = [newPath(), newPath()];
    await append(`${wanted}:two:1`, two);
    await using writer = await createArchiveWriter(file);
    const given = await writer.openDestination(writer.reference("three:1"));
    await put(given, three);
    await given.close();
    const kept = await writer.openDestination(writer.reference("two:1"));
    await put(kept, two);
    await kept.commit();
    await kept.close();
    await writer.commit();
    expect(Buffer.compare(readFileSync(file), readFileSync(wanted))).toBe(0);
  });

  it("shows nothing before its commit, and leaves nothing without it", async () => {
    const file = newPath();
    const writer = await createArchiveWriter(file);
    const destination = await writer.openDestination(writer.reference());
    await put(destination, one);
    await destination.commit();
    await destination.close();
    expect(readdirSync(path.dirname(file))).not.toContain(path.basename(file));
    await writer.close();
    await writer.close();
    expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith("."))).toEqual([]);
    await expect(writer.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await expect(writer.openDestination(writer.reference())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });

  it("takes one image after the other", async () => {
    await using writer = await createArchiveWriter(newPath());
    const first = await writer.openDestination(writer.reference());
    await expect(writer.openDestination(writer.reference())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
    await expect(writer.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await first.close();
    await (await writer.openDestination(writer.reference())).close();
    expect(() => writer.reference("UPPER")).toThrow("upper-case");
  });

  it("refuses an archive that is there, unless it may add to it", async () => {
    const file = newPath();
    await append(`${file}:a:1`, one);
    await expect(createArchiveWriter(file)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_EXISTS" });
    await using writer = await createArchiveWriter(file, { append: true });
    await writer.commit();
    expect(await readWhole(`${file}:a:1`)).toEqual(whole(one));
  });
});

function tarMember(file: string, name: string): string {
  const bytes = readFileSync(file);
  for (let at = 0; at + 512 <= bytes.length; ) {
    const text = bytes
      .subarray(at, at + 100)
      .toString()
      .replace(/\0.*$/s, "");
    const size = Number.parseInt(bytes.subarray(at + 124, at + 136).toString(), 8);
    if (text === name) return bytes.subarray(at + 512, at + 512 + size).toString();
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`there is no ${name}`);
}
