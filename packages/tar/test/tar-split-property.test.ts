import { crc64 } from "@drayage/kernels";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc64InScript } from "../src/tar-split/crc64.ts";
import { concat, latin, wholeArchive } from "./support/archive.ts";
import { memoryFolder } from "./support/memory-folder.ts";
import { eventsOf, linesOf, packed, reassembled } from "./support/tar-split.ts";

const chunking = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 });
// Few names, so that they meet.
const part = fc.constantFrom("a", "b", "c", "a", ".", "..", "é", ".wh.a");
const name = fc
  .tuple(fc.constantFrom("", "", "", "./", "/", "../"), fc.array(part, { minLength: 1, maxLength: 3 }))
  .map(([start, parts]) => `${start}${parts.join("/")}`);
const content = fc
  .constantFrom("", "x", "y", "longer")
  .map((value) => new TextEncoder().encode(value.repeat(100)));
const entry = fc.oneof(
  { weight: 4, arbitrary: fc.record({ header: fc.record({ name }), data: content }) },
  { weight: 1, arbitrary: fc.record({ header: fc.record({ name: name.map((text) => `${text}/`) }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      header: fc.record({ name, type: fc.constantFrom("symlink" as const, "link" as const), linkname: name }),
    }),
  },
);
const archives = fc.array(entry, {
  maxLength: 8,
});

it("an archive that is unpacked to a folder is given back from it byte for byte, or was refused at once", async () => {
  let givenBack = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(archives, chunking, fc.uint8Array(), async (entries, lengths, trailing) => {
      const archive = concat(wholeArchive(...entries), trailing);
      const folder = memoryFolder();
      for (const event of eventsOf(archive)) fc.pre(folder.take(event));
      let lines: string;
      try {
        lines = packed(archive, lengths);
      } catch (error) {
        expect(error).toMatchObject({
          code: "ERR_DRAYAGE_ARCHIVE_INVALID",
          message: expect.stringContaining("it replaces"),
        });
        refused++;
        return;
      }
      const back = await reassembled(lines, (path) => folder.read(path), { lengths });
      expect(latin(back)).toBe(latin(archive));
      givenBack++;
    }),
    { numRuns: 500 },
  );
  expect(givenBack).toBeGreaterThan(refused);
});

it("the lines are the same however the archive comes, number their positions, and name no path twice as Go cleans it", () => {
  fc.assert(
    fc.property(archives, chunking, (entries, lengths) => {
      const archive = wholeArchive(...entries);
      const pack = (cuts: readonly number[]): string => {
        try {
          return packed(archive, cuts);
        } catch (error) {
          return (error as Error).message;
        }
      };
      const whole = pack([archive.length]);
      expect(pack(lengths)).toBe(whole);
      if (!whole.startsWith("{")) return;
      const lines = linesOf(whole);
      expect(lines.map(({ position }) => position)).toEqual(lines.map((_, index) => index));
      const names = lines.flatMap((line) => (line.type === 1 ? [goClean(line.name ?? "")] : []));
      expect(new Set(names).size).toBe(names.length);
    }),
  );
});

it("CRC-64 without WebAssembly is the kernel's, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, cut) => {
      const first = crc64InScript(bytes.subarray(0, cut), 0n);
      expect(crc64InScript(bytes.subarray(cut), first)).toBe(crc64(bytes));
    }),
  );
});

function goClean(path: string): string {
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || (!isAbsolute && (parts.length === 0 || parts.at(-1) === ".."))) parts.push(part);
    else parts.pop();
  }
  return (isAbsolute ? "/" : "") + parts.join("/");
}
