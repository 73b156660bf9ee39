import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (name: string): string => join(folder, name);
const schemes = ["oci-dir", "oci-archive", "docker-archive"] as const;

async function run(...argv: readonly string[]): Promise<string> {
  const env = { SOURCE_DATE_EPOCH: "86400", XDG_CACHE_HOME: folder };
  const { status, stdout, stderr } = await dray(argv, { env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

async function add(to: string, file: string): Promise<void> {
  const tar = at(`${file}.tar`);
  writeTarFile(tar, file, file);
  await run("append", "-q", "--layer", tar, "scratch", to);
}

const tags = async (place: string): Promise<readonly string[]> =>
  (JSON.parse(await run("list-tags", place)) as { Tags: string[] }).Tags;

async function labels(image: string): Promise<unknown> {
  return (JSON.parse(await run("inspect", "--config", image)) as { config: { Labels?: unknown } }).config
    .Labels;
}

const nameOf = (scheme: string, name: string): string =>
  scheme === "docker-archive" ? `docker.io/library/${name}:latest` : name;

describe.each(schemes)("an image of %s that is edited where it is", (scheme) => {
  it("has its name and its place, and other images stay", async () => {
    const place = `${scheme}:${at(`${scheme}-two`)}`;
    await add(`${place}:a`, "one");
    await add(`${place}:b`, "two");
    const other = await run("digest", `${place}:b`);
    const digest = await run("mutate", "-q", "--label", "x=y", `${place}:a`, `${place}:a`);
    expect(await tags(place)).toEqual([nameOf(scheme, "a"), nameOf(scheme, "b")]);
    expect([await run("digest", `${place}:a`), await run("digest", `${place}:b`)]).toEqual([digest, other]);
    expect(await labels(`${place}:a`)).toEqual({ x: "y" });
    expect(await run("cat", `${place}:b:/two`)).toBe("two");
    await run("mutate", "-q", "--label", "x=z", `${place}:a`, `${place}:c`);
    expect(await tags(place)).toEqual(["a", "b", "c"].map((name) => nameOf(scheme, name)));
    expect(await labels(`${place}:a`)).toEqual({ x: "y" });
  });

  it("keeps its name where none is said, and is the only one still", async () => {
    const place = `${scheme}:${at(`${scheme}-one`)}`;
    await add(`${place}:app`, "one");
    await run("mutate", "-q", "--label", "x=y", place, place);
    expect(await tags(place)).toEqual([nameOf(scheme, "app")]);
    expect(await labels(place)).toEqual({ x: "y" });
    expect(await run("cat", `${place}:/one`)).toBe("one");
  });

  it("has no name where it had none, and is the only one still", async () => {
    const place = `${scheme}:${at(`${scheme}-nameless`)}`;
    await add(place, "one");
    await run("mutate", "-q", "--label", "x=y", place, place);
    expect(await labels(place)).toEqual({ x: "y" });
  });
});

it("an image of an archive with two names has both after an edit that says none, and loses one that is said", async () => {
  const place = `docker-archive:${at("names.tar")}`;
  await add(`oci-dir:${at("names")}:x`, "one");
  await run("copy", "-q", "--additional-tag", "b:1", `oci-dir:${at("names")}:x`, `${place}:a:1`);
  const names = ["docker.io/library/a:1", "docker.io/library/b:1"];
  expect(await tags(place)).toEqual(names);
  await run("mutate", "-q", "--label", "x=y", place, place);
  expect(await tags(place)).toEqual(names);
  await run("mutate", "-q", "--label", "x=z", `${place}:b:1`, `${place}:b:1`);
  expect(await labels(`${place}:a:1`)).toEqual({ x: "y" });
  expect(await labels(`${place}:b:1`)).toEqual({ x: "z" });
});

it("an edit does not write to an image that it does not change, and layers that it leaves alone are as they were", async () => {
  const plain = `oci-dir:${at("plain")}:x`;
  await run("copy", "-q", "--dest-oci-accept-uncompressed-layers", await uncompressed(), plain);
  for (const scheme of ["oci-dir", "oci-archive"] as const) {
    const file = at(`${scheme}-plain`);
    const place = `${scheme}:${file}`;
    await run("copy", "-q", "--dest-oci-accept-uncompressed-layers", plain, `${place}:app`);
    const index = join(file, scheme === "oci-dir" ? "index.json" : "");
    const before = readFileSync(index);
    const digest = await run("digest", place);
    const { status, stdout, stderr } = await dray(["flatten", "-q", place, place]);
    expect({ status, stdout, stderr: stderr.includes("stays as it is") }).toEqual({
      ...{ status: 0, stdout: digest, stderr: true },
    });
    expect(readFileSync(index)).toEqual(before);
    const [shown] = (await run("mutate", "--dry-run", "--label", "a=b", place)).split("\n").slice(-2);
    expect(await run("mutate", "-q", "--label", "a=b", place, place)).toBe(`${shown}\n`);
    expect((await manifest(place)).layers.map((layer) => layer.mediaType)).toEqual([
      "application/vnd.oci.image.layer.v1.tar",
    ]);
  }
});

it("an edit of one place adds to an archive of another", async () => {
  const from = `oci-dir:${at("from")}:x`;
  await add(from, "one");
  for (const scheme of ["oci-archive", "docker-archive"]) {
    const place = `${scheme}:${at(`${scheme}-other.tar`)}`;
    await add(`${place}:a`, "two");
    await run("mutate", "-q", "--label", "x=y", from, `${place}:b`);
    expect(await tags(place)).toEqual([nameOf(scheme, "a"), nameOf(scheme, "b")]);
  }
});

it("an archive that an image is edited in does not keep blobs that no image needs", async () => {
  const file = at("grown.tar");
  await add(`oci-archive:${file}:a`, "one");
  await run("mutate", "-q", "--label", "x=y", `oci-archive:${file}:a`, `oci-archive:${file}:a`);
  const size = readFileSync(file).length;
  await run("mutate", "-q", "--label", "x=z", `oci-archive:${file}:a`, `oci-archive:${file}:a`);
  expect(readFileSync(file).length).toBe(size);
});

/** An image whose layer is not compressed. */
async function uncompressed(): Promise<string> {
  const place = `dir:${at("uncompressed")}`;
  const tar = at("plain.tar");
  writeTarFile(tar, "plain", "plain");
  await run("append", "-q", "--dest-compress-format", "none", "--layer", tar, "scratch", place);
  return place;
}

async function manifest(image: string): Promise<{ layers: { mediaType: string }[] }> {
  return JSON.parse(await run("inspect", "--raw", image)) as never;
}
