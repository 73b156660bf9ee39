import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createStagedFile } from "@drayage/blob";
import { createRandom } from "@drayage/testkit";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { errorAtEnd, spool } from "../src/spool.ts";

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const end = at + (sizes[turn % sizes.length] ?? 1);
    yield bytes.slice(at, end);
    at = end;
  }
}

describe("what is spooled", () => {
  const bytes = createRandom("spool").bytes(3_500_000);

  it.each([[[32_768]], [[1_048_576]], [[2_000_000, 1]], [[1, 0, 700_000]]])(
    "is what came, in chunks of %j bytes",
    async (sizes) => {
      await using file = await createStagedFile(temporaryDirectory());
      await spool(chunksOf(bytes, sizes), file);
      expect(Buffer.compare(readFileSync(file.path), bytes)).toBe(0);
    },
  );

  it("may be nothing", async () => {
    await using file = await createStagedFile(temporaryDirectory());
    await spool(chunksOf(new Uint8Array(), [1]), file);
    expect(readFileSync(file.path)).toHaveLength(0);
  });

  it("ends with the error of what comes, and with that of the file", async () => {
    await using file = await createStagedFile(temporaryDirectory());
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes;
      throw new Error("cut");
    }
    await expect(spool(broken(), file)).rejects.toThrow("cut");
    await expect(spool(chunksOf(bytes, [500_000]), { ...file, fd: -1 })).rejects.toThrow();
    const closed = await createStagedFile(temporaryDirectory());
    await closed.discard();
    await expect(spool(chunksOf(bytes, [500_000]), closed)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
  });
});

it.each([
  ['tar{"errorDetail":{"message":"a"},"error":"a"}\r\n', "a"],
  ['{"errorDetail":{"message":"a"}}{"errorDetail":{"message":"b"}}', "b"],
  ['{"errorDetail":{"message":"a"}} and more', undefined],
  [`{"errorDetail":{"message":"a"}}${"\0".repeat(512)}`, undefined],
  ["tar", undefined],
  ["", undefined],
])("of %j the error is %s", async (text, error) => {
  const file = path.join(temporaryDirectory(), "file");
  writeFileSync(file, text);
  expect(await errorAtEnd(file)).toBe(error);
  writeFileSync(file, `${"x".repeat(100_000)}${text}`);
  expect(await errorAtEnd(file)).toBe(error);
});
