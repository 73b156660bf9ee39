/**
 * With the argument SOURCE it drains that file, and SOURCE.gz inflated, and prints, as JSON, by how much the resident memory rose
 * at its highest. With SOURCE FOLDER BYTES it writes so many bytes to a staged file in the folder and then holds still.
 */
import { openSync } from "node:fs";
import {
  type BlobSink,
  bytesBlob,
  createStagedFile,
  drain,
  fileBlob,
  inflated,
  openBlob,
  streamBlob,
} from "../../src/index.ts";

const [source = "", folder = "", holdAfter] = process.argv.slice(2);

async function main(): Promise<void> {
  const blob = fileBlob(source);
  if (holdAfter !== undefined) return holdStill(Number(holdAfter));
  // The code is compiled and the buffers are there before the measure is taken.
  await drain(bytesBlob(new Uint8Array(1024 * 1024)), { kind: "writer", write: () => undefined });
  const before = process.memoryUsage.rss();
  let most = before;
  const measure = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const fd = openSync("/dev/null", "w");
  const file: BlobSink = { kind: "file", fd, path: "/dev/null", position: 0 };
  const writer: BlobSink = { kind: "writer", write: measure };
  const part = fileBlob(source, { offset: 0, length: 256 * 1024 * 1024 });
  const found: Record<string, number | string> = {};
  for (const [name, each, sink] of [
    ["buffers", blob, file],
    ["stream", streamBlob(() => openBlob(part)), writer],
    ["inflated", inflated(fileBlob(`${source}.gz`)), writer],
  ] as const) {
    const { digest } = await drain(each, sink, { onBytes: measure });
    found[name] = most - before;
    found[`${name} digest`] = digest;
  }
  console.log(JSON.stringify(found));
}

/** Writes the first bytes of a file to a staged one, says so, and waits to be killed. */
async function holdStill(bytes: number): Promise<void> {
  const staged = await createStagedFile(folder, { key: "the-key" });
  let told = false;
  const held = streamBlob(async function* () {
    let size = 0;
    for await (const chunk of openBlob(fileBlob(source))) {
      yield chunk;
      size += chunk.length;
      if (size < bytes || told) continue;
      told = true;
      console.log(`held after ${size}`);
      setInterval(() => undefined, 1000);
      await new Promise(() => undefined);
    }
  });
  await drain(held, staged.sink);
}

await main();
