import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Blob,
  bytesBlob,
  type ConsumerSink,
  deflated,
  drain,
  fileBlob,
  inflated,
  openBlob,
  streamBlob,
} from "../src/index.ts";
import { createConsumer, type Listed, type ListSettings } from "./support/list-consumer.ts";

const mebibyte = 1024 * 1024;
const content = Buffer.concat([randomBytes(17 * mebibyte), Buffer.alloc(3 * mebibyte + 12_345, "drayage ")]);
const digest = digestBytes(content);

let folder: string;
let zipped: string;
let count = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  zipped = join(folder, "zipped");
  writeFileSync(zipped, gzipSync(content, { level: 1 }));
  vi.stubEnv("DRAYAGE_WORKERS", "2");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function listing(more: Partial<ListSettings> = {}): ConsumerSink & { readonly settings: ListSettings } {
  count += 1;
  const path = join(folder, `list-${count}`);
  return {
    kind: "consumer",
    create: createConsumer,
    code: async () => (await import("./support/list-consumer.ts?code")).default,
    settings: { path, log: `${path}.log`, ...more },
  };
}

const arriving = (blob: Blob): Blob =>
  streamBlob(() => openBlob(blob), blob.size === undefined ? {} : { size: blob.size });

/** The same content in every form that takes another way. */
const forms: readonly (readonly [string, () => Blob])[] = [
  ["a file", () => inflated(fileBlob(zipped), { digest })],
  ["a stream", () => inflated(arriving(fileBlob(zipped)), { algorithm: "gzip", digest })],
  ["a stream of unknown compression", () => inflated(arriving(fileBlob(zipped)), { digest })],
  ["bytes", () => bytesBlob(content, { digest })],
  [
    "bytes that are deflated",
    () => inflated(deflated(bytesBlob(content), { algorithm: "gzip" }), { digest }),
  ],
];

/** As if it were the only one: with another thread for the consumer. */
const alone = (sink: ReturnType<typeof listing>): ReturnType<typeof listing> => ({ ...sink, alone: true });

const few = forms.filter(([name]) => ["a file", "a stream", "bytes"].includes(name));

describe("a consumer", () => {
  it.each(forms)("gets all bytes of %s in order, and its word comes back", async (_, make) => {
    const sink = listing();
    const result = await drain(make(), sink);
    expect(result.digest).toBe(digest);
    expect(result.consumed).toMatchObject({ bytes: content.length });
    expect(readFileSync(sink.settings.path).equals(content)).toBe(true);
    expect(readFileSync(sink.settings.log, "utf8")).toBe("finished\nclosed\n");
  });

  it("gets all bytes of a small stream that is compressed in a known way", async () => {
    const text = Buffer.from("a layer of an image");
    const sink = listing();
    const blob = streamBlob(async function* () {
      yield gzipSync(text);
    });
    const result = await drain(inflated(blob, { algorithm: "gzip" }), sink);
    expect(result.size).toBe(text.length);
    expect(readFileSync(sink.settings.path).equals(text)).toBe(true);
  });

  it.each(few)("that refuses %s is closed and not finished, and its error comes through", async (_, make) => {
    const sink = listing({ failAt: mebibyte });
    await expect(drain(make(), sink)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: "the list is no list",
      hint: "make another",
    });
    await vi.waitFor(() => expect(readFileSync(sink.settings.log, "utf8")).toBe("closed\n"));
  });

  it.each(few)("that finds fault with the end of %s is closed", async (_, make) => {
    const sink = listing({ failAtEnd: true });
    await expect(drain(make(), sink)).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
    await vi.waitFor(() => expect(readFileSync(sink.settings.log, "utf8")).toBe("closed\n"));
  });

  it.each([
    ["a file", () => ({ ...inflated(fileBlob(zipped)), digest: digestBytes(new Uint8Array()) })],
    ["a stream", () => inflated(arriving(fileBlob(zipped)), { algorithm: "gzip", size: content.length + 1 })],
  ])("of %s that is not what it should be is not finished", async (_, make) => {
    const sink = listing();
    await expect(drain(make(), sink)).rejects.toMatchObject({
      code: expect.stringMatching(/MISMATCH$/),
    });
    await vi.waitFor(() => expect(readFileSync(sink.settings.log, "utf8")).toBe("closed\n"));
  });

  it("that is alone is in another thread than what inflates the bytes", async () => {
    for (const make of [forms[0]?.[1], forms[3]?.[1]]) {
      const sink = alone(listing());
      const result = await drain(make?.() ?? bytesBlob(content), sink);
      expect(result).toMatchObject({
        digest,
        size: content.length,
        consumed: { bytes: content.length, main: false },
      });
      expect(readFileSync(sink.settings.path).equals(content)).toBe(true);
      expect(readFileSync(sink.settings.log, "utf8")).toBe("finished\nclosed\n");
    }
  });

  it.each([
    ["refuses the bytes", { failAt: mebibyte }, {}, "ERR_DRAYAGE_ARCHIVE_INVALID"],
    ["refuses their end", { failAtEnd: true }, {}, "ERR_DRAYAGE_ARCHIVE_INVALID"],
    ["gets others than it should", {}, { size: 5 }, "ERR_DRAYAGE_SIZE_MISMATCH"],
    ["gets fewer than it should", {}, { size: content.length + 1 }, "ERR_DRAYAGE_SIZE_MISMATCH"],
  ])("that is alone and %s is closed and not finished", async (_, settings, facts, code) => {
    const sink = alone(listing(settings));
    await expect(drain(inflated(fileBlob(zipped), facts), sink)).rejects.toMatchObject({ code });
    expect(readFileSync(sink.settings.log, "utf8")).toBe("closed\n");
    expect(readFileSync(sink.settings.path).length).toBeLessThanOrEqual(content.length);
  });

  it("of which several are at work is in several threads", async () => {
    const results = await Promise.all([1, 2, 3].map(() => drain(inflated(fileBlob(zipped)), listing())));
    const places = results.map(({ consumed }) => consumed as Listed);
    expect(places.filter(({ main }) => main)).toHaveLength(1);
    expect(new Set(places.map(({ thread }) => thread)).size).toBe(3);
  });

  it("works without threads", async () => {
    vi.stubEnv("DRAYAGE_WORKERS", "0");
    const results = await Promise.all([1, 2].map(() => drain(inflated(fileBlob(zipped)), listing())));
    expect(results.map(({ consumed }) => (consumed as Listed).main)).toEqual([true, true]);
  });

  it("that cannot be made fails the drain", async () => {
    const [file, stream] = [forms[0]?.[1], forms[1]?.[1]];
    for (const make of [file, stream]) {
      const sink = listing({ path: join(folder, "none", "list") });
      await expect(drain(make?.() ?? bytesBlob(content), sink)).rejects.toMatchObject({ code: "ENOENT" });
      expect(existsSync(sink.settings.log)).toBe(false);
    }
  });

  it("ends with its drain when that is aborted", async () => {
    const sinks = [forms[0], forms[1], forms[0]].map((form, index) => [form?.[1], index === 2] as const);
    for (const [make, isAlone] of sinks) {
      const sink = isAlone ? alone(listing()) : listing();
      const controller = new AbortController();
      const drained = drain(make?.() ?? bytesBlob(content), sink, {
        signal: controller.signal,
        onBytes: () => controller.abort(),
      });
      await expect(drained).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      await vi.waitFor(() => expect(readFileSync(sink.settings.log, "utf8")).toBe("closed\n"));
    }
  });
});
