import { ioError } from "@drayage/errors";
import { writeAllSync } from "./file-writes.ts";
import type { BlobSink, WriterSink } from "./sink.ts";

/** Takes one chunk of the result after the other. To be awaited when it gives a promise. */
export type Receiver = (chunk: Uint8Array) => void | Promise<void>;

export function createReceiver({ sink, skip }: { readonly sink: BlobSink; readonly skip: number }): Receiver {
  if (sink.kind === "writer") return (chunk) => writeTo(sink, chunk);
  if (sink.kind === "consumer") throw new TypeError("a consumer is put behind a writer");
  let position = sink.position + skip;
  return (chunk) => {
    position = writeAllSync(sink, chunk, position);
  };
}

function writeTo(sink: WriterSink, chunk: Uint8Array): void | Promise<void> {
  let written: void | Promise<void>;
  try {
    written = sink.write(chunk);
  } catch (error) {
    throw ioError(error, "write");
  }
  return written?.catch((error: unknown) => {
    throw ioError(error, "write");
  });
}
