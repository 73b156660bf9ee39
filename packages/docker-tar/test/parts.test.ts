import { readFileSync } from "node:fs";
import path from "node:path";
import { createStagedFile, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { encodeGoJson } from "@drayage/manifest";
import { encodeTarHeader } from "@drayage/tar";
import { temporaryDirectory } from "@drayage-internal/peers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFileOutput } from "../src/file-output.ts";
import { rawMembers } from "../src/json-members.ts";
import { cleanPath, linkTarget } from "../src/names.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("the members of a JSON object", () => {
  it("keep what JSON.parse would lose", () => {
    const json =
      '{ "b" : 1.0e+2, "a":\t{"2":[1, 2],"1":"\\u00e9<\\"}"}, "b" : -0.0,\n"\\u0063":[[],{}] , "d":"\u2028" }';
    expect(text(encodeGoJson(rawMembers(Buffer.from(json))))).toBe(
      '{"a":{"2":[1,2],"1":"\\u00e9\\u003c\\"}"},"b":-0.0,"c":[[],{}],"d":"\\u2028"}',
    );
  });

  it("are those that JSON.parse finds", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 2, "\t"),
        (object, space) => {
          const members = rawMembers(Buffer.from(JSON.stringify(object, undefined, space)));
          const read = [...members].map(([name, raw]) => [name, JSON.parse(text(raw.bytes))]);
          expect(read).toEqual(Object.entries(JSON.parse(JSON.stringify(object))));
        },
      ),
    );
  });
});

it.each([
  ["", "."],
  [".", "."],
  ["./a", "a"],
  ["a//b/", "a/b"],
  ["a/./b/../c", "a/c"],
  ["../a", "../a"],
  ["a/../../b", "../b"],
  ["/../a", "/a"],
  ["/", "/"],
])("the key of %j is %j, as Go's path.Clean has it", (name, key) => {
  expect(cleanPath(name)).toBe(key);
});

it.each([
  ["a/layer.tar", "../b.tar", "b.tar"],
  ["a", "b", "b"],
  ["a", "/b", "b"],
  ["x/a", "/b", "x/b"],
  ["a", "../../b", "../../b"],
])("the link %s to %s leads to %s", (name, target, key) => {
  expect(linkTarget(name, target)).toBe(key);
});

it("a header that turns out longer than the room that was left for it moves the data", async () => {
  await using file = await createStagedFile(temporaryDirectory());
  const target = path.join(temporaryDirectory(), "a.tar");
  const layer = Buffer.from("layer!!!".repeat(128));
  const output = createFileOutput(file, { start: 0, commit: () => file.commit(target) });
  const nameOf = (): string => "x".repeat(150);
  const blob = streamBlob(async function* () {
    yield layer;
  });
  await output.addBlob(blob, { nameOf, isNew: () => true });
  await output.addFile("after", Buffer.from("b"));
  await output.finish();
  const header = encodeTarHeader({ name: nameOf(), mode: 0o444, size: layer.length });
  expect(header).toHaveLength(3 * 512);
  const bytes = readFileSync(target);
  expect(Buffer.compare(bytes.subarray(0, header.length), header)).toBe(0);
  expect(digestBytes(bytes.subarray(header.length, header.length + layer.length))).toBe(digestBytes(layer));
  expect(bytes.subarray(header.length + layer.length).toString()).toMatch(/^after\0/);
});
