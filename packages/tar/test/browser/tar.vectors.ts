import {
  cleanEntryName,
  cleanRawEntryName,
  encodeTarHeader,
  opaqueWhiteoutName,
  parseWhiteout,
  readTar,
  scanTar,
  TarDecoder,
  type TarWriteEntry,
  tarEnd,
  tarPadding,
  whiteoutName,
  writeTar,
} from "../../src/index.ts";
import { createTarSplitPacker, reassembleTar } from "../../src/tar-split.ts";

function same(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left}`);
}

function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return "nothing was thrown";
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return concat(parts);
}

const capability = new Uint8Array([1, 0, 0, 2, 0x00, 0x20, 0xff, 0x80, 0x0a]);

const entries: readonly (TarWriteEntry & { readonly body: Uint8Array })[] = [
  { header: { name: "etc/", mode: 0o755 }, body: new Uint8Array() },
  {
    header: { name: "etc/ünï-\u{1f600}", uid: 3_000_000_000, mtime: { seconds: -5, nanoseconds: 0 } },
    body: text("äö"),
  },
  {
    header: { name: "bin/ping", xattrs: new Map([["security.capability", capability]]) },
    body: new Uint8Array(1025).fill(7),
  },
  { header: { name: "g".repeat(300), format: "gnu", uid: 2 ** 40 }, body: text("gnu") },
  {
    header: { name: "late", format: "pax", mtime: { seconds: 4_102_444_800, nanoseconds: 123_456_789 } },
    body: new Uint8Array(512),
  },
];

/** What skopeo 1.9.3 writes for a `manifest.json` of 206 bytes in a docker-archive. */
const skopeoHeader = [
  ["manifest.json", 0],
  ["0000444\x000000000\x000000000\x0000000000316\x0000000000000\x00011704\x00 0", 100],
  ["ustar\x0000", 257],
  ["0000000\x000000000\x00", 329],
] as const;

export const vectors: readonly { name: string; run(): void | Promise<void> }[] = [
  {
    name: "a header has the bytes that skopeo writes",
    run() {
      const expected = new Uint8Array(512);
      for (const [value, offset] of skopeoHeader) expected.set(text(value), offset);
      same(hex(encodeTarHeader({ name: "manifest.json", size: 206, mode: 0o444 })), hex(expected));
    },
  },
  {
    name: "a PAX header has the bytes that Go writes",
    run() {
      const blocks = encodeTarHeader({ name: "é", xattrs: new Map([["a", capability]]) });
      same(blocks.length, 1536);
      same(hex(blocks.subarray(0, 14)), hex(text("PaxHeaders.0\0\0")));
      const body = concat([text("28 SCHILY.xattr.a="), capability, text("\n11 path=é\n\0")]);
      same(hex(blocks.subarray(512, 512 + body.length)), hex(body));
    },
  },
  {
    name: "what is written is read, in chunks of any size",
    async run() {
      const archive = await collect(writeTar(entries));
      for (const length of [1, 100, 513, 100_000]) {
        const found: unknown[] = [];
        const chunks = Array.from({ length: Math.ceil(archive.length / length) }, (_, index) =>
          archive.subarray(index * length, (index + 1) * length),
        );
        for await (const { header, body } of readTar(chunks)) {
          const xattrs = [...header.xattrs].map(([key, value]) => [key, hex(value)]);
          found.push([header.name, header.uid, header.mtime, xattrs, hex(await collect(body))]);
        }
        same(
          found,
          entries.map(({ header, body }) => [
            header.name,
            header.uid ?? 0,
            header.mtime ?? { seconds: 0, nanoseconds: 0 },
            [...(header.xattrs ?? [])].map(([key, value]) => [key, hex(value)]),
            hex(body),
          ]),
        );
      }
    },
  },
  {
    name: "an archive in memory is scanned, and its headers are made again",
    async run() {
      const archive = await collect(writeTar(entries));
      const read = (position: number, length: number): Uint8Array =>
        archive.subarray(position, position + length);
      let count = 0;
      for (const { header, rawBlocks, dataOffset } of scanTar({ size: archive.length, read })) {
        same(hex(encodeTarHeader(header)), hex(rawBlocks));
        same(hex(read(dataOffset, header.size)), hex(entries[count++]?.body ?? new Uint8Array()));
      }
      same(count, entries.length);
    },
  },
  {
    name: "a name that is not UTF-8 keeps its bytes",
    run() {
      const decoder = new TarDecoder();
      decoder.push(concat([encodeTarHeader({ rawName: new Uint8Array([0x61, 0xff]) }), tarEnd()]));
      const event = decoder.next();
      same(event?.type === "header" && [event.header.name, hex(event.header.rawName)], ["a\ufffd", "61ff"]);
    },
  },
  {
    name: "libarchive's attributes are read",
    run() {
      const pax = new Map([["LIBARCHIVE.xattr.user.%3dx", text("/wo")]]);
      const decoder = new TarDecoder();
      decoder.push(encodeTarHeader({ name: "a", pax }));
      const event = decoder.next();
      same(event?.type === "header" && [...event.header.xattrs].map(([key, value]) => [key, hex(value)]), [
        ["user.=x", "ff0a"],
      ]);
    },
  },
  {
    name: "a damaged archive is refused",
    run() {
      const damaged = encodeTarHeader({ name: "a" });
      damaged[0] = 0x62;
      const decoder = new TarDecoder();
      decoder.push(damaged);
      same(
        codeOf(() => decoder.next()),
        "ERR_DRAYAGE_ARCHIVE_INVALID",
      );
      const truncated = new TarDecoder();
      truncated.push(encodeTarHeader({ name: "a", size: 5 }));
      same(truncated.next()?.type, "header");
      same(
        codeOf(() => truncated.finish()),
        "ERR_DRAYAGE_ARCHIVE_INVALID",
      );
      const limited = new TarDecoder({ recordBytes: 100 });
      limited.push(encodeTarHeader({ name: "n".repeat(200), format: "gnu" }));
      same(
        codeOf(() => limited.next()),
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
      );
    },
  },
  {
    name: "names stay below the root, and whiteouts are known",
    run() {
      same(["/etc//passwd", "a/../b", "/../x", ""].map(cleanEntryName), ["etc/passwd", "b", "x", "."]);
      same(hex(cleanRawEntryName(new Uint8Array([0x2f, 0xff, 0x2f]))), "ff");
      for (const name of ["..", "a/../../b", "a\0"])
        same(
          codeOf(() => cleanEntryName(name)),
          "ERR_DRAYAGE_ARCHIVE_INVALID",
        );
      same(parseWhiteout(whiteoutName("a/b")), { kind: "removed", path: "a/b" });
      same(parseWhiteout(opaqueWhiteoutName("a")), { kind: "opaque", path: "a" });
      same(parseWhiteout("usr/bin/whoami") === undefined, true);
    },
  },
  {
    name: "padding and end are zeros",
    run() {
      same([tarPadding(0).length, tarPadding(513).length, tarEnd().length], [0, 511, 1024]);
    },
  },
  {
    name: "an archive becomes tar-split, and comes back from it and its contents",
    async run() {
      const rawName = Uint8Array.of(0x64, 0xff);
      const entries = [
        { name: "etc/motd", size: 20 },
        { rawName, size: 20, format: "gnu" as const },
        { name: "../outside", size: 20 },
      ];
      const content = text("imma hurr til I derp");
      const archive = concat([
        ...entries.flatMap((entry) => [encodeTarHeader(entry), content, tarPadding(20)]),
        tarEnd(),
      ]);
      const lines: Uint8Array[] = [];
      const packer = createTarSplitPacker({ write: (piece) => lines.push(piece) });
      const decoder = new TarDecoder();
      decoder.push(archive);
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) packer.take(event);
      packer.finish();
      const json = new TextDecoder().decode(concat(lines)).split("\n");
      same(json[1], '{"type":1,"name":"etc/motd","size":20,"payload":"AnSksavsa04=","position":1}');
      same(json[3], '{"type":1,"name_raw":"ZP8=","size":20,"payload":"AnSksavsa04=","position":3}');
      const asked: string[] = [];
      const chunks: Uint8Array[] = [];
      const opened = reassembleTar(lines, (path) => {
        asked.push(hex(path));
        return {
          size: content.length,
          read(buffer, position) {
            const piece = content.subarray(position, position + buffer.length);
            buffer.set(piece);
            return piece.length;
          },
          close() {},
        };
      });
      for await (const chunk of opened) chunks.push(chunk);
      same(asked, [hex(text("etc/motd")), hex(rawName)]);
      same(hex(concat(chunks)), hex(archive));
    },
  },
];
