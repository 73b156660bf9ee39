import type { Blob, BlobStep, FileOrigin } from "./blob.ts";
import type { ConsumerSink, FileSink } from "./sink.ts";
import type { FileBlob, PlainSink } from "./workers/messages.ts";

/* As much as another thread has to know: what else its maker has put there might not be fit to be sent. */

export async function plainSink(sink: FileSink | ConsumerSink): Promise<PlainSink> {
  if (sink.kind === "consumer") {
    return { kind: sink.kind, code: await sink.code(), settings: sink.settings };
  }
  const { kind, fd, path, position } = sink;
  return { kind, fd, path, position };
}

export function plainBlob({ digest, size, what, steps }: Blob, origin: FileOrigin): FileBlob {
  const { kind, path, offset, length, whole } = origin;
  return {
    ...{ digest, size, what },
    origin: { kind, path, offset, length, whole },
    steps: steps.map(plainStep),
  };
}

export function plainStep(step: BlobStep): BlobStep {
  switch (step.do) {
    case "verify":
      return { do: step.do, digest: step.digest, size: step.size };
    case "inflate":
      return { do: step.do, algorithm: step.algorithm };
    case "deflate":
      return { do: step.do, algorithm: step.algorithm, level: step.level };
  }
}
