import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bytesBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { readTar, writeTar } from "@drayage/tar";
import { readImage } from "@drayage/testkit";
import type { Location } from "@drayage/transport";
import ociDir from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommitOptions } from "../../src/builder.ts";
import { createPipeline, type Pipeline } from "../../src/pipeline/create-pipeline.ts";

let home: string;
const at = (name: string): string => join(home, name);
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
  writeFileSync(at("one.conf"), "one");
  writeFileSync(at("two.conf"), "two");
});
afterEach(() => rmSync(home, { recursive: true }));

const created = "2020-09-13T12:26:40Z";
const seconds = 1_600_000_000;
const common: CommitOptions = { layerCache: noLayerCache, env: {}, timestamp: new Date(seconds * 1000) };

function layout(name: string): Location {
  const text = `${at(name)}:latest`;
  return { transport: ociDir, reference: ociDir.parse(text), text };
}

/** A base whose `/lib` is a link, whose `/etc` has an owner and a mode of its own, and which has `/etc/one.conf`. */
async function onBase(): Promise<Pipeline> {
  mkdirSync(at("base/etc"), { recursive: true });
  mkdirSync(at("base/usr/lib"), { recursive: true });
  writeFileSync(at("base/etc/one.conf"), "old");
  chmodSync(at("base/etc/one.conf"), 0o600);
  chmodSync(at("base/etc"), 0o750);
  symlinkSync("usr/lib", at("base/lib"));
  {
    await using base = await createPipeline({ from: "scratch" });
    await base.copy(["base"], "/", { contextDir: home, chown: "5:6" });
    await base.commit(layout("base-image"), common);
  }
  return createPipeline({ from: layout("base-image") });
}

async function read(name: string) {
  const { transport, reference } = layout(name);
  if (transport.openSource === undefined) throw new Error("it cannot be read");
  await using source = await transport.openSource(reference);
  const image = await readImage(source);
  if (image.kind !== "image") throw new Error("it is no image");
  const config = JSON.parse(new TextDecoder().decode(image.config?.bytes)) as {
    rootfs: { diff_ids: string[] };
    history: Record<string, unknown>[];
  };
  const layers: (readonly string[])[] = [];
  for (const { bytes } of image.layers) layers.push(await entriesOf(bytes));
  return { config, layers };
}

async function entriesOf(bytes: Uint8Array): Promise<readonly string[]> {
  const entries: string[] = [];
  for await (const { header, body } of readTar([gunzipSync(bytes)])) {
    let content = "";
    for await (const chunk of body) content += Buffer.from(chunk).toString();
    const { name, mode, uid, gid, mtime } = header;
    const mark = `${(mode & 0o7777).toString(8)} ${uid}:${gid} ${mtime.seconds}`;
    entries.push(`${name} ${mark} ${content}`.trim());
  }
  return entries;
}

describe("files that a commit adds", () => {
  it("stand in a layer of their own, as root's and with mode 644, in the folders as the base has them", async () => {
    await using pipeline = await onBase();
    await pipeline.copy(["two.conf"], "/srv/own", { contextDir: home });
    const addFiles = {
      "/etc/one.conf": at("one.conf"),
      "/lib/new/../new/x": at("two.conf"),
      "lib/also/": at("two.conf"),
    };
    chmodSync(at("one.conf"), 0o4777);
    const { diffIds } = await pipeline.commit(layout("out"), { ...common, addFiles });
    const { config, layers } = await read("out");
    expect(layers).toHaveLength(3);
    expect(layers.at(-1)).toEqual([
      `etc 750 5:6 ${seconds}`,
      `etc/one.conf 644 0:0 ${seconds} one`,
      `usr 755 5:6 ${seconds}`,
      `usr/lib 755 5:6 ${seconds}`,
      `usr/lib/also 755 0:0 ${seconds}`,
      `usr/lib/also/two.conf 644 0:0 ${seconds} two`,
      `usr/lib/new 755 0:0 ${seconds}`,
      `usr/lib/new/x 644 0:0 ${seconds} two`,
    ]);
    expect(config.rootfs.diff_ids).toEqual(diffIds);
    const hex = diffIds.at(-1)?.slice("sha256:".length);
    expect(config.history.slice(-2)).toEqual([
      { created, created_by: "COPY two.conf /srv/own", comment: expect.any(String) },
      { created, created_by: `/bin/sh -c #(nop) ADD dir:${hex} in /` },
    ]);
  });

  it("give the same image again with the same time, whenever they were written and however they are ordered", async () => {
    const digests = new Set<string>();
    for (const names of [
      ["one", "two"],
      ["two", "one"],
    ]) {
      await using pipeline = await createPipeline({ from: "scratch", platform: { os: "linux" } });
      const addFiles = Object.fromEntries(names.map((name) => [`/etc/${name}`, at(`${name}.conf`)]));
      const options = { layerCache: noLayerCache, env: { SOURCE_DATE_EPOCH: String(seconds) }, addFiles };
      digests.add((await pipeline.commit(layout(names.join("-")), options)).manifestDigest);
      utimesSync(at("one.conf"), 1_700_000_000, 1_700_000_000);
      chmodSync(at("two.conf"), 0o700);
    }
    expect(digests.size).toBe(1);
  });

  it("are told of between the container's own entries and those of layers that are appended", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeTar([{ header: { name: "last", mode: 0o644 } }]))
      chunks.push(new Uint8Array(chunk));
    const { diffIds } = await pipeline.commit(layout("out"), {
      ...common,
      addFiles: { "/one": at("one.conf") },
      appendedLayers: [{ blob: bytesBlob(Buffer.concat(chunks)), history: { created_by: "last" } }],
      appendedEmptyLayers: [{ created_by: "empty" }],
    });
    const { config, layers } = await read("out");
    expect(layers).toEqual([[`one 644 0:0 ${seconds} one`], [`last 644 0:0 ${seconds}`]]);
    expect(config.history.map((entry) => [entry.created_by, entry.empty_layer])).toEqual([
      ["/bin/sh", true],
      [`/bin/sh -c #(nop) ADD dir:${diffIds[0]?.slice("sha256:".length)} in /`, undefined],
      ["empty", true],
      ["last", undefined],
    ]);
  });

  it("take the place of what is there in an image that is squashed, and of each other, the last first", async () => {
    await using pipeline = await onBase();
    const addFiles = { "/etc/one.conf": at("one.conf"), "etc/one.conf": at("two.conf") };
    await pipeline.commit(layout("out"), { ...common, squash: true, addFiles });
    const { config, layers } = await read("out");
    expect(layers).toEqual([
      [
        `etc 750 5:6 ${seconds}`,
        `etc/one.conf 644 0:0 ${seconds} two`,
        `lib 777 5:6 ${seconds}`,
        `usr 755 5:6 ${seconds}`,
        `usr/lib 755 5:6 ${seconds}`,
      ],
    ]);
    expect(config.history.map((entry) => entry.created_by)).toEqual(["/bin/sh"]);
  });

  it("are files that were named, whatever their names mean elsewhere, and links to files", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    const odd = ["[a]*?.conf", "back\\slash", "name with space"];
    for (const name of odd) writeFileSync(at(name), name);
    writeFileSync(at("a1x.conf"), "not this one");
    symlinkSync("one.conf", at("link"));
    await pipeline.commit(layout("out"), {
      ...common,
      addFiles: { ...Object.fromEntries(odd.map((name) => [`/d/${name}`, at(name)])), "/d/": at("link") },
    });
    const { layers } = await read("out");
    expect(layers).toEqual([
      [
        `d 755 0:0 ${seconds}`,
        ...["[a]*?.conf", "back\\slash", "link", "name with space"].map(
          (name) => `d/${name} 644 0:0 ${seconds} ${name === "link" ? "one" : name}`,
        ),
      ],
    ]);
  });

  it("are refused where they are no files or lead out of the image, and nothing is written then", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    execFileSync("mkfifo", [at("pipe")]);
    const cases: readonly [destination: string, source: string, error: object][] = [
      [
        "/x",
        at("gone"),
        { code: "ERR_DRAYAGE_FILE_NOT_FOUND", message: `there is no file "${at("gone")}" to add` },
      ],
      [
        "/x",
        home,
        { code: "ERR_DRAYAGE_USAGE", message: `"${home}" cannot be added: it is not a regular file` },
      ],
      [
        "/x",
        at("pipe"),
        { code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining("not a regular file") },
      ],
      ["/x", at("one.conf/below"), { code: "ERR_DRAYAGE_IO" }],
      ["", at("one.conf"), { code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining('as ""') }],
      ["a\0b", at("one.conf"), { code: "ERR_DRAYAGE_USAGE" }],
      [
        "../x",
        at("one.conf"),
        { code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining("leads out of the image") },
      ],
      ["a/../../x", at("one.conf"), { code: "ERR_DRAYAGE_USAGE" }],
    ];
    for (const [destination, source, error] of cases) {
      const addFiles = { [destination]: source };
      await expect(pipeline.commit(layout("out"), { ...common, addFiles })).rejects.toMatchObject(error);
    }
    expect(readdirSync(home)).not.toContain("out");
  });
});
