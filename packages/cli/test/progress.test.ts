import { type Digest, parseDigest } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import type { ProgressEvent } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { barsReporter } from "../src/progress/bars.ts";
import { jsonReporter } from "../src/progress/json.ts";
import { linesReporter } from "../src/progress/lines.ts";
import { skopeoReporter } from "../src/progress/skopeo.ts";

const layer = parseDigest(`sha256:${"a1".repeat(32)}`);
const config = parseDigest(`sha256:${"c0".repeat(32)}`);
const events: readonly ProgressEvent[] = [
  { type: "blob", state: "start", kind: "layer", digest: layer, size: 2048 },
  { type: "blob", state: "bytes", kind: "layer", digest: layer, size: 2048, bytes: 1024 },
  {
    type: "blob",
    state: "done",
    kind: "layer",
    digest: layer,
    size: 2048,
    stored: { digest: layer, size: 2048 },
  },
  { type: "blob", state: "reused", kind: "config", digest: config, reason: "already exists" },
  { type: "manifest", state: "write", digest: config, mediaType: "x" },
];

function written(columns?: number): {
  text: () => string;
  write: (text: string | Uint8Array) => void;
  columns?: number;
} {
  let all = "";
  const write = (text: string | Uint8Array): void => {
    all += String(text);
  };
  return { text: () => all, write, ...(columns === undefined ? {} : { columns }) };
}

/** What a terminal shows after the escapes that bars use: cursor up, erase below. */
function screen(text: string): string[] {
  const rows: string[] = [""];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes of a terminal are what is read
  for (const part of text.split(/(\u001b\[\d*[A-Za-z]|\n)/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: see above
    const up = /^\u001b\[(\d+)A$/.exec(part);
    if (part === "\n") rows.push("");
    else if (up) rows.splice(rows.length - 1 - Number(up[1]), Number(up[1]) + 1, "");
    else if (!part.startsWith("\u001b")) rows[rows.length - 1] += part;
  }
  return rows.filter((row) => row !== "");
}

describe("progress", () => {
  it("as lines is one line for each thing that starts", () => {
    const output = written();
    const reporter = linesReporter(output, "Copying");
    for (const event of events) reporter.report(event);
    expect(output.text().trim().split("\n")).toEqual([
      `Copying blob ${layer}`,
      `Copying config ${config} reused: already exists`,
      "Writing manifest to image destination",
    ]);
  });

  it("tells an image that is written once more from the image itself", () => {
    const output = written();
    const reporter = linesReporter(output, "Copying");
    const image = { type: "image", state: "start", instance: layer, platform: "linux/amd64" } as const;
    reporter.report({ ...image, index: 0 });
    reporter.report({ ...image, index: 1, variant: "zstd" });
    expect(output.text().trim().split("\n")).toEqual([
      `Copying image ${layer} (linux/amd64)`,
      `Copying image ${layer} (linux/amd64), once more, compressed with zstd`,
    ]);
  });

  it("as skopeo's lines is one image of an index after the other, whatever came first", () => {
    const [first, second, root] = ["11", "22", "33"].map((hex) => parseDigest(`sha256:${hex.repeat(32)}`));
    const output = written();
    const reporter = skopeoReporter(output, { removeSignatures: false });
    const image = (index: number, state: "start" | "done"): ProgressEvent => ({
      type: "image",
      state,
      instance: index === 0 ? first : second,
      index,
    });
    const blob = (instance: Digest | undefined, state: "start" | "reused" | "skipped"): ProgressEvent => ({
      type: "blob",
      state,
      kind: "layer",
      digest: layer,
      instance,
    });
    const manifest = (instance: Digest | undefined, mediaType: string): ProgressEvent => ({
      type: "manifest",
      state: "write",
      digest: root as Digest,
      mediaType,
      instance,
    });
    for (const event of [
      { type: "images", total: 2, of: 3 } as const,
      image(0, "start"),
      image(1, "start"),
      blob(second, "start"),
      blob(first, "reused"),
      manifest(second, mediaTypes.ociManifest),
      image(1, "done"),
      blob(first, "skipped"),
      manifest(first, mediaTypes.ociManifest),
      image(0, "done"),
      manifest(undefined, mediaTypes.ociIndex),
    ]) {
      reporter.report(event);
    }
    const lines = (at: number, instance: Digest | undefined): string[] => [
      `Copying image ${instance} (${at}/2)`,
      "Getting image source signatures",
      `Copying blob ${layer}`,
      "Writing manifest to image destination",
      "Storing signatures",
    ];
    expect(output.text().trimEnd().split("\n")).toEqual([
      "Getting image list signatures",
      "Copying 2 of 3 images in list",
      ...lines(1, first),
      ...lines(2, second),
      "Writing manifest list to image destination",
      "Storing list signatures",
    ]);
  });

  it("as JSON is one event a line, unchanged", () => {
    const output = written();
    const reporter = jsonReporter(output);
    for (const event of events) reporter.report(event);
    expect(
      output
        .text()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(events);
  });

  it("as bars shows a bar while a blob moves, and what was done at the end", () => {
    const output = written(100);
    const reporter = barsReporter(output, { env: { NO_COLOR: "1" }, verb: "Copying" });
    reporter.report(events[0] as ProgressEvent);
    expect(screen(output.text())).toEqual([
      expect.stringMatching(/^Copying blob a1a1a1a1a1a1 \[ +\] 0 B \/ 2\.0 KiB$/),
    ]);
    for (const event of events.slice(1)) reporter.report(event);
    reporter.end();
    expect(screen(output.text())).toEqual([
      "Copying blob a1a1a1a1a1a1 done, 2.0 KiB",
      "Copying config c0c0c0c0c0c0 reused: already exists",
      "Writing manifest to image destination",
    ]);
  });

  it("in bars has no colour where NO_COLOR is set, and never a line wider than the terminal", () => {
    for (const env of [{ NO_COLOR: "1" }, {}]) {
      const output = written(40);
      const reporter = barsReporter(output, { env, verb: "Copying" });
      reporter.report(events[0] as ProgressEvent);
      expect(output.text().includes("\u001b[36m")).toBe(false);
      for (const row of screen(output.text())) expect(row.length).toBeLessThan(40);
    }
    const wide = written(100);
    barsReporter(wide, { env: {}, verb: "Copying" }).report(events[0] as ProgressEvent);
    expect(wide.text()).toContain("\u001b[36m");
  });
});

describe("of a new layer", () => {
  const stored = { digest: layer, size: 2048 };
  const made: readonly ProgressEvent[] = [
    { type: "newLayer", state: "start", layerIndex: 1 },
    { type: "newLayer", state: "bytes", layerIndex: 1, bytes: 4096 },
    { type: "newLayer", state: "done", layerIndex: 1, bytes: 8192, stored },
    { type: "blob", state: "placed", kind: "layer", digest: layer, size: 2048, stored },
  ];

  it("lines say that it is packed, and once which blob it became", () => {
    const output = written();
    const reporter = linesReporter(output, "Copying");
    for (const event of made) reporter.report(event);
    expect(output.text()).toBe(`Packing layer 2\nPacked layer 2: blob ${layer}, 2.0 KiB\n`);
  });

  it("skopeo's lines name it where the copy comes upon it", () => {
    const output = written();
    const reporter = skopeoReporter(output, { removeSignatures: false });
    for (const event of made) reporter.report(event);
    expect(output.text()).toBe(`Copying blob ${layer}\n`);
  });

  it("bars show it meanwhile, and take it down", () => {
    const output = written(80);
    const reporter = barsReporter(output, { env: {}, verb: "Copying" });
    reporter.report(made[0] as ProgressEvent);
    expect(screen(output.text())).toEqual([expect.stringMatching(/^Packing layer 2/)]);
    for (const event of made.slice(1)) reporter.report(event);
    reporter.end();
    expect(screen(output.text())).toEqual([`Packed layer 2: blob ${layer}, 2.0 KiB`]);
  });
});
