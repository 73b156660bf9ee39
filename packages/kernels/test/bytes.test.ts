import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { crc32, crc64, createDeflater, createInflater, createSha256, createXxh64 } from "../src/index.ts";

const takers: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  crc32,
  crc64,
  "a hash (sha256)": (bytes) => createSha256().update(bytes),
  "a hash (xxh64)": (bytes) => createXxh64().update(bytes),
  "an inflater": (bytes) => createInflater().push(bytes),
  "a deflater": (bytes) => void createDeflater().deflateBlock(bytes, { level: 1, last: true }),
  "a deflater, as a dictionary,": (dictionary) =>
    void createDeflater().deflateBlock(new Uint8Array(1), { level: 1, last: true, dictionary }),
};

const wrong: Readonly<Record<string, unknown>> = {
  "a text": "hello",
  "an ArrayBuffer": new ArrayBuffer(3),
  "a DataView": new DataView(new ArrayBuffer(3)),
  "numbers of two bytes": Uint16Array.of(1, 2, 3),
  nothing: null,
};

for (const [taker, take] of Object.entries(takers)) {
  it.each(Object.keys(wrong))(`${taker} refuses %s`, (name) => {
    expect(() => take(wrong[name] as Uint8Array)).toThrow(new TypeError("bytes have to be a Uint8Array"));
  });

  it(`${taker} takes a Buffer, and bytes of another realm`, () => {
    take(Buffer.from("hello"));
    take(runInNewContext("new Uint8Array(5)") as Uint8Array);
  });
}
