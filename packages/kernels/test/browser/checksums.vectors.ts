import { crc32, crc64, createSha256, createXxh64, kernelsUnavailable } from "../../src/index.ts";

const text = (value: string) => new TextEncoder().encode(value);

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sha256(bytes: Uint8Array): string {
  const hash = createSha256();
  hash.update(bytes);
  return hex(hash.digest());
}

function xxh64(bytes: Uint8Array): bigint {
  const hash = createXxh64();
  hash.update(bytes);
  return hash.digest();
}

/** FIPS 180-2's examples, and NIST's further ones for SHA-256 with lengths about a block's (csrc.nist.gov, SHA2_Additional.pdf). */
const nist: readonly (readonly [string, Uint8Array, string])[] = [
  ["nothing", text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "56 letters",
    text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["one byte", Uint8Array.of(0xbd), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"],
  [
    "four bytes",
    Uint8Array.of(0xc9, 0x8c, 0x8e, 0x55),
    "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504",
  ],
  ["55 zeros", new Uint8Array(55), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"],
  ["56 zeros", new Uint8Array(56), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"],
  ["57 zeros", new Uint8Array(57), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"],
  ["64 zeros", new Uint8Array(64), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"],
  ["1000 zeros", new Uint8Array(1000), "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"],
  [
    "1000 letters A",
    new Uint8Array(1000).fill(0x41),
    "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4",
  ],
  [
    "1005 letters U",
    new Uint8Array(1005).fill(0x55),
    "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0",
  ],
  [
    "a million letters a",
    new Uint8Array(1_000_000).fill(0x61),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  ],
];

export const vectors: readonly { name: string; run(): void | Promise<void> }[] = [
  {
    name: "kernels run here",
    run: () => same(kernelsUnavailable("checksums"), undefined),
  },
  {
    name: "crc32 and crc64 have their check values",
    run() {
      same(crc32(text("123456789")), 0xcbf43926);
      same(crc64(text("123456789")), 0xb90956c775a41001n);
      same(crc32(new Uint8Array(0)), 0);
      same(crc64(new Uint8Array(0)), 0n);
    },
  },
  {
    name: "crc32 and crc64 go on from a value, through pieces of every length",
    run() {
      const bytes = Uint8Array.from({ length: 100 }, (_, index) => (index * 37) & 255);
      const whole32 = crc32(bytes);
      const whole64 = crc64(bytes);
      for (let cut = 0; cut <= bytes.length; cut++) {
        same(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), whole32);
        same(crc64(bytes.subarray(cut), crc64(bytes.subarray(0, cut))), whole64);
      }
    },
  },
  ...nist.map(([name, bytes, expected]) => ({
    name: `sha256 of ${name}`,
    run: () => same(sha256(bytes), expected),
  })),
  {
    // The values of xxHash's own command, xxhsum -H1.
    name: "xxh64 has its known values",
    run() {
      same(xxh64(text("")), 0xef46db3751d8e999n);
      same(xxh64(text("a")), 0xd24ec4f1a98c6e5bn);
      same(xxh64(text("abc")), 0x44bc2cf5ad770999n);
      same(xxh64(text("Nobody inspects the spammish repetition")), 0xfbcea83c8a378bf1n);
    },
  },
  {
    // By BigInt, word for word as the format's description has it (xxhash_spec.md), beside the values above.
    name: "xxh64 of lengths about one and two stripes has its known values, in one piece and in pieces of a byte",
    run() {
      const known: readonly (readonly [number, bigint])[] = [
        [0, 0xef46db3751d8e999n],
        [1, 0xf592c0c7639c4cb6n],
        [31, 0xe4a0e629e519a4aen],
        [32, 0xcc6b8aaada790b2dn],
        [33, 0x35ec49850475a832n],
        [63, 0xbf9f0ba3cf95b28an],
        [64, 0x155ccce4bf32befcn],
        [65, 0xda5ee441a595cfb8n],
        [96, 0x7c874b795fa7ab0cn],
      ];
      for (const [length, expected] of known) {
        const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + 11) & 255);
        same(xxh64(bytes), expected);
        const hash = createXxh64();
        for (const byte of bytes) hash.update(Uint8Array.of(byte));
        same(hash.digest(), expected);
      }
    },
  },
  {
    name: "xxh64 of pieces, in turns and past the kernel's input, is that of the whole",
    run() {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * index * 31) >>> 5);
      const whole = xxh64(bytes);
      const hashes = [1, 31, 32, 33, 65_535, 65_536, 65_537].map((size) => ({ size, hash: createXxh64() }));
      for (const { size, hash } of hashes) hash.update(bytes.subarray(0, size));
      for (const { size, hash } of hashes) hash.update(bytes.subarray(size));
      for (const { hash } of hashes) same(hash.digest(), whole);
    },
  },
  {
    name: "several sha256 take turns in one kernel, and a copy goes on by itself",
    run() {
      const hashes = ["one", "two", "three"].map((word) => ({ word, hash: createSha256() }));
      for (let round = 0; round < 50; round++) for (const { word, hash } of hashes) hash.update(text(word));
      for (const { word, hash } of hashes) {
        const copy = hash.copy();
        copy.update(text("."));
        same(hex(hash.digest()), sha256(text(word.repeat(50))));
        same(hex(copy.digest()), sha256(text(`${word.repeat(50)}.`)));
      }
    },
  },
];
