import { describe, expect, it } from "vitest";
import {
  addImage,
  emptyLayoutIndex,
  encodeLayoutIndex,
  entryDescriptor,
  type LayoutIndex,
  parseLayoutIndex,
  removeImages,
} from "../src/index.ts";
import { encode, named, ociManifest, sha256 } from "./images.ts";

const digest = sha256("a");
const other = sha256("b");
const parse = (value: unknown): LayoutIndex => parseLayoutIndex(encode(value), '"x": index.json');
const text = (index: LayoutIndex): string => new TextDecoder().decode(encodeLayoutIndex(index));
const entry = (of: string, annotations?: string): string =>
  `{"mediaType":"${ociManifest}","digest":"${of}","size":7${annotations === undefined ? "" : `,"annotations":{"org.opencontainers.image.ref.name":"${annotations}"}`}}`;
const image = (of = digest) => ({ mediaType: ociManifest, digest: of, size: 7 });

describe("index.json", () => {
  it.each<[unknown, string]>([
    ["{", "not JSON"],
    ["[]", "not a JSON object"],
    [{ schemaVersion: 1 }, "schemaVersion is 1, not 2"],
    [{ schemaVersion: 2, manifests: {} }, "manifests is not a list"],
    [{ manifests: [1] }, "manifests[0]: not an object"],
    [{ manifests: [image(), { ...image(), mediaType: 1 }] }, "manifests[1].mediaType: not text"],
    [{ manifests: [{ ...image(), annotations: [] }] }, "manifests[0].annotations: not an object"],
    [{ manifests: [{ annotations: { "org.opencontainers.image.ref.name": 1 } }] }, "ref.name is not text"],
    [{ manifests: [{ ...image(), platform: "linux" }] }, "manifests[0].platform: not an object"],
    [{ manifests: [{ ...image(), platform: { os: "linux" } }] }, "os and architecture are not both text"],
    [{ manifests: [{ platform: { os: "a", architecture: "b", variant: 1 } }] }, "platform.variant: not text"],
    [{ manifests: [{ platform: { os: "a", architecture: "b", "os.features": [1] } }] }, "not a list of text"],
  ])("%j is refused and named", (value, message) => {
    expect(() => parse(value)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_LAYOUT_INVALID",
        message: expect.stringContaining(`"x": index.json`) as string,
      }),
    );
    expect(() => parse(value)).toThrow(message);
  });

  it("that is not UTF-8 is refused", () => {
    expect(() => parseLayoutIndex(Uint8Array.of(0x7b, 0xff, 0x7d), "x")).toThrow(
      "x: not JSON: it is not UTF-8",
    );
  });

  it("above 4 MiB is refused", () => {
    expect(() => parseLayoutIndex(new Uint8Array(4 * 1024 * 1024 + 1), "x")).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
  });

  it("nested too deeply is refused", () => {
    const nested = (depth: number): string => `{"manifests":[],"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(parse(nested(200)).entries).toEqual([]);
    for (const depth of [202, 1_000_000]) {
      expect(() => parse(nested(depth))).toThrow("values are nested more than 200 times");
    }
  });

  it("without a list of manifests is empty, as Go reads it", () => {
    expect(parse({ schemaVersion: 2 }).entries).toEqual([]);
    expect(parse({ manifests: null }).entries).toEqual([]);
  });

  it("shows a bad entry only to whoever wants that entry", () => {
    const index = parse({ manifests: [{ digest: "sha256:..", size: 1 }, { ...image(), size: -1 }, image()] });
    const [first, second, third] = index.entries;
    if (!first || !second || !third) throw new Error("there should be three entries");
    expect(() => entryDescriptor(first, "x")).toThrow('x: manifests[0].digest: "sha256:.." is not a digest');
    expect(() => entryDescriptor(second, "x")).toThrow("x: manifests[1].size: -1 is not a count of bytes");
    expect(entryDescriptor(third, "x")).toMatchObject({ digest, size: 7 });
  });
});

describe("an image that is added", () => {
  it("to nothing is alone", () => {
    expect(text(addImage(emptyLayoutIndex, image(), undefined))).toBe(
      `{"schemaVersion":2,"manifests":[${entry(digest)}]}`,
    );
    expect(text(addImage(emptyLayoutIndex, image(), "v1"))).toBe(
      `{"schemaVersion":2,"manifests":[${entry(digest, "v1")}]}`,
    );
  });

  it("takes the name from those that had it, which stay", () => {
    const index = parse({
      manifests: [
        { ...image(), ...named("v1") },
        { ...image(), ...named("v1") },
      ],
    });
    expect(text(addImage(index, image(other), "v1"))).toBe(
      `{"schemaVersion":2,"manifests":[${entry(digest)},${entry(digest)},${entry(other, "v1")}]}`,
    );
  });

  it("takes the place of one of the same digest without a name", () => {
    const index = parse({ manifests: [image(), { ...image(other), ...named("o") }] });
    expect(text(addImage(index, image(), "v1"))).toBe(
      `{"schemaVersion":2,"manifests":[${entry(digest, "v1")},${entry(other, "o")}]}`,
    );
  });

  it("stands beside one of the same digest with another name", () => {
    const index = parse({ manifests: [{ ...image(), ...named("a") }] });
    expect(text(addImage(index, image(), "b"))).toBe(
      `{"schemaVersion":2,"manifests":[${entry(digest, "a")},${entry(digest, "b")}]}`,
    );
  });

  it("leaves what others have said, in skopeo's order of fields", () => {
    const index = parse({
      zzz: 1,
      annotations: { b: "1", a: "<&>" },
      manifests: [
        {
          zz: { b: 1, a: 2 },
          artifactType: "application/x",
          platform: { x: 1, variant: "v8", os: "linux", architecture: "arm64" },
          data: "e30=",
          urls: ["https://x"],
          annotations: { z: "1", "org.opencontainers.image.ref.name": "v1", a: "1" },
          size: 7,
          digest,
          mediaType: ociManifest,
        },
      ],
      mediaType: "application/vnd.oci.image.index.v1+json",
      schemaVersion: 2,
    });
    expect(text(addImage(index, image(), "v2"))).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"${ociManifest}","digest":"${digest}","size":7,"urls":["https://x"],"annotations":{"a":"1","org.opencontainers.image.ref.name":"v1","z":"1"},"data":"e30=","platform":{"architecture":"arm64","os":"linux","variant":"v8","x":1},"artifactType":"application/x","zz":{"b":1,"a":2}},${entry(digest, "v2")}],"annotations":{"a":"\\u003c\\u0026\\u003e","b":"1"},"zzz":1}`,
    );
    const renamed = text(addImage(index, image(), "v1"));
    expect(renamed).toContain(
      '"annotations":{"a":"1","org.opencontainers.image.ref.name":"v1","z":"1"},"data"',
    );
    expect(renamed).toContain('"variant":"v8"');
  });

  it("keeps a key named __proto__ as it is", () => {
    const index = parse('{"manifests":[],"__proto__":{"x":1}}');
    expect(text(addImage(index, image(), undefined))).toContain('"__proto__":{"x":1}');
  });
});

describe("images that are removed", () => {
  it("leave the others in their order", () => {
    const index = parse({ manifests: [image(), { ...image(other), ...named("o") }, image()] });
    const gone = index.entries.filter(({ position }) => position !== 1);
    expect(text(removeImages(index, gone))).toBe(`{"schemaVersion":2,"manifests":[${entry(other, "o")}]}`);
  });
});
