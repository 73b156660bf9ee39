/**
 * Drains a file with the arguments SOURCE TARGET-FOLDER KEY-DIGEST and prints, as JSON, by how much the resident memory
 * rose at its highest. With a fourth argument it holds still, for ever, after so many bytes.
 */
import {
  type BlobSink,
  bytesBlob,
  createStagedFile,
  drain,
  fileBlob,
  openBlob,
  streamBlob,
} from "../../src/index.ts";

const [source = "", folder = "", holdAfter] = process.argv.slice(2);

async function main(): Promise<void> {
  const blob = fileBlob(source);
  if (holdAfter !== undefined) return holdStill(Number(holdAfter));
  // The code is compiled and the buffers are there before the measure is taken.
  await drain(bytesBlob(new Uint8Array(1024 * 1024)), nowhere);
  const before = process.memoryUsage.rss();
  let most = before;
  const onBytes = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  await using staged = await createStagedFile(folder);
  const ways: Record<string, number> = {};
  for (const [name, each] of [
    ["buffers", blob],
    ["stream", streamBlob(() => openBlob(blob))],
  ] as const) {
    const { digest } = await drain(each, name === "buffers" ? staged.sink : nowhere, { onBytes });
    ways[name] = most - before;
    ways[digest] = 1;
  }
  console.log(JSON.stringify(ways));
}

const nowhere: BlobSink = { kind: "writer", write: () => undefined };

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
