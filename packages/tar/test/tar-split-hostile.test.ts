import { gunzipSync, gzipSync } from "node:zlib";
import { DrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { reassembleTar } from "../src/tar-split.ts";
import { text, wholeArchive } from "./support/archive.ts";
import { contentOf, packed, type Reassembling, reassembled } from "./support/tar-split.ts";

const what = "layer 1a2b";
const lines = packed(wholeArchive({ header: { name: "etc/motd" }, data: text("hello\n") }));

async function refusal(json: string | Uint8Array, options: Reassembling = {}): Promise<unknown> {
  try {
    await reassembled(json, () => text("hello\n"), { what, ...options });
  } catch (error) {
    if (error instanceof DrayageError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

function sized(size: string, payload = '"AAAAAAAAAAA="'): string {
  return `"name":"x","size":${size},"payload":${payload}`;
}

describe("a tar-split that is damaged is refused, and the message says where", () => {
  const invalid = "ERR_DRAYAGE_STORE_INVALID: the tar-split of layer 1a2b, line";
  const cases: readonly (readonly [string, string, string])[] = [
    ["a line that is no JSON", `${lines}nonsense\n`, `${invalid} 4, is no JSON`],
    ["a line that is cut off", lines.slice(0, -9), `${invalid} 3, is no JSON`],
    ["a line that is no object", "3\n", `${invalid} 1, is no object`],
    ["a line that is null", "null\n", `${invalid} 1, is no object`],
    ["an unknown type", '{"type":3,"payload":""}\n', `${invalid} 1, is of an unknown type`],
    ["a list", "[]\n", `${invalid} 1, is of an unknown type`],
    ...(
      [
        ["a payload that is no text", "5"],
        ["base64 with other letters", '"AA_-"'],
        ["base64 with a line break", '"AAA\\n"'],
        ["base64 without padding", '"AAA"'],
        ["base64 with its padding in the middle", '"A===AAAA"'],
      ] as const
    ).map(
      ([name, payload]) =>
        [name, `{"type":2,"payload":${payload}}\n`, `${invalid} 1, has a payload that is no base64`] as const,
    ),
    ...(
      [
        ["a name that is no text", '"name":{},"payload":null', "has a name that is no text"],
        ["a raw name that is no base64", '"name_raw":"?","payload":null', "has a name_raw that is no base64"],
        ["a negative size", sized("-1"), 'gives "x" no size'],
        ["a size with a fraction", sized("1.5"), 'gives "x" no size'],
        ["a size beyond 2⁵³", sized("1e300"), 'gives "x" no size'],
        ["a size as text", sized('"6"'), 'gives "x" no size'],
        ["a content without checksum", sized("6", "null"), 'gives "x" a checksum that is none'],
        ["a checksum that is too short", sized("6", '"AAAA"'), 'gives "x" a checksum that is none'],
      ] as const
    ).map(([name, members, why]) => [name, `{"type":1,${members}}\n`, `${invalid} 1, ${why}`] as const),
  ];
  for (const [name, json, message] of cases) {
    it(name, async () => {
      expect(await refusal(json)).toBe(message);
      expect(await refusal(json, { lengths: [1] })).toBe(message);
    });
  }

  it("a gzip that is cut off, with what its reader said", async () => {
    const zipped = gzipSync(lines);
    async function* inflate(): AsyncGenerator<Uint8Array> {
      yield text(lines.slice(0, 100));
      await Promise.resolve();
      try {
        gunzipSync(zipped.subarray(0, -20));
      } catch (cause) {
        throw new DrayageError("ERR_DRAYAGE_COMPRESSION_INVALID", "the gzip stream ends early", { cause });
      }
    }
    const reading = async (): Promise<void> => {
      for await (const _ of reassembleTar(inflate(), () => undefined, { what }));
    };
    await expect(reading()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_INVALID",
      message: "the tar-split of layer 1a2b is damaged: the gzip stream ends early",
    });
  });

  it("a line that is longer than the limit, before it is there in full", async () => {
    const message =
      "ERR_DRAYAGE_LIMIT_EXCEEDED: the tar-split of layer 1a2b, line 1, has a line of more than 1000 bytes";
    let read = 0;
    function* endless(): Generator<Uint8Array> {
      for (; ; read += 100) yield new Uint8Array(100).fill(0x41);
    }
    const reading = async (): Promise<void> => {
      for await (const _ of reassembleTar(endless(), () => undefined, { what, lineBytes: 1000 }));
    };
    await expect(reading()).rejects.toMatchObject({ message: message.slice(28) });
    expect(read).toBe(1000);
    expect(await refusal(`{"type":2,"payload":"${"A".repeat(1000)}"}\n`, { lineBytes: 1000 })).toBe(message);
    expect(await refusal(`{"type":2,"payload":"${"A".repeat(1000)}"}\n`, { lineBytes: 1025 })).toBe(
      "nothing was refused",
    );
  });
});

describe("a content that is not the layer's is refused, and the message names the file and the layer", () => {
  const start = 'the file "etc/motd" of layer 1a2b';
  const read = async (content: (() => ReturnType<typeof contentOf>) | undefined): Promise<void> => {
    for await (const _ of reassembleTar([text(lines)], () => content?.(), { what }));
  };
  const cases: readonly (readonly [string, (() => ReturnType<typeof contentOf>) | undefined, string])[] = [
    ["one that is missing", undefined, `${start} is not in the layer's folder`],
    ["one of another length", () => contentOf(text("hello")), `${start} has 5 bytes where the layer has 6`],
    [
      "one of other bytes",
      () => contentOf(text("Hello\n")),
      `${start} has another content than the layer had: its CRC-64 differs`,
    ],
    [
      "one that became shorter",
      () => ({ ...contentOf(text("hel")), size: 6 }),
      `${start} ends after 3 of 6 bytes`,
    ],
  ];
  for (const [name, content, message] of cases) {
    it(name, async () => {
      await expect(read(content)).rejects.toMatchObject({ code: "ERR_DRAYAGE_STORE_INVALID", message });
    });
  }
});

describe("what Go's tools read too", () => {
  it("is any order of keys, any space, a last line without its end, empty lines, segments of nothing", async () => {
    const json =
      ' { "position":7, "payload": "AQI=", "extra": [1], "type": 2 } \n\n{"type":2,"payload":""}\n{"type":2}\n{"payload":"Aw==","type":2}';
    expect(await reassembled(json, () => undefined)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("is a raw name, which the opener gets as a path below the folder", async () => {
    const asked: string[] = [];
    const json = '{"type":1,"name_raw":"Li4vYf8=","size":6,"payload":"AAAAAAAAAAA="}\n';
    await expect(
      reassembled(json, (name) => {
        asked.push(name);
        return undefined;
      }),
    ).rejects.toThrow("is not in the layer's folder");
    expect(asked).toEqual(["a\xff"]);
  });
});
