import { crc32, createInflater } from "@drayage/kernels";

// Bundled, and run in a page of a browser: the kernel beside the browser's own way to inflate.

export interface PageTaken {
  readonly seconds: number;
  readonly bytes: number;
}

export interface PagePair {
  readonly ours: PageTaken;
  readonly theirs: PageTaken;
}

const piece = 256 * 1024;
const headerSize = 10;
const trailerSize = 8;

export interface PageContest {
  readonly url: string;
  readonly pairs: number;
  /** With gzip both sides verify the checksum. */
  readonly format: "gzip" | "deflate-raw";
}

/** Inflates a gzip file of one member `pairs` times by each, after a first time that is not counted. */
async function contest({ url, pairs, format }: PageContest): Promise<readonly PagePair[]> {
  const gzip = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const byKernel = (): Promise<PageTaken> => taken(() => inflateByKernel(gzip, format));
  const byBrowser = (): Promise<PageTaken> => taken(() => inflateByBrowser(gzip, format));
  const [first, other] = [await byKernel(), await byBrowser()];
  if (first.bytes !== other.bytes)
    throw new Error(`${first.bytes} bytes by one, ${other.bytes} by the other`);
  const results: PagePair[] = [];
  for (let index = 0; index < pairs; index += 1) {
    if (index % 2 === 0) {
      const ours = await byKernel();
      results.push({ ours, theirs: await byBrowser() });
    } else {
      const theirs = await byBrowser();
      results.push({ ours: await byKernel(), theirs });
    }
  }
  return results;
}

async function taken(inflate: () => number | Promise<number>): Promise<PageTaken> {
  const started = performance.now();
  const bytes = await inflate();
  return { seconds: (performance.now() - started) / 1000, bytes };
}

function inflateByKernel(gzip: Uint8Array, format: PageContest["format"]): number {
  const inflater = createInflater();
  const body = gzip.subarray(headerSize, -trailerSize);
  let [size, checksum] = [0, 0];
  for (let start = 0; start < body.length && !inflater.ended; start += piece) {
    inflater.push(body.subarray(start, start + piece));
    for (let bytes = inflater.next(); bytes.length > 0; bytes = inflater.next()) {
      if (format === "gzip") checksum = crc32(bytes, checksum);
      size += bytes.length;
    }
  }
  const trailer = new DataView(gzip.buffer, gzip.byteOffset + gzip.length - trailerSize);
  if (format === "gzip" && checksum !== trailer.getUint32(0, true)) {
    throw new Error("the kernel inflates to another checksum");
  }
  return size;
}

/** The browser verifies the checksum of gzip itself. */
async function inflateByBrowser(
  gzip: Uint8Array<ArrayBuffer>,
  format: PageContest["format"],
): Promise<number> {
  const input = format === "gzip" ? gzip : gzip.subarray(headerSize, -trailerSize);
  let start = 0;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(input.subarray(start, start + piece));
      start += piece;
      if (start >= input.length) controller.close();
    },
  });
  const reader = source.pipeThrough(new DecompressionStream(format)).getReader();
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return size;
    size += (value as Uint8Array).length;
  }
}

Object.assign(globalThis, { drayageContest: contest });
