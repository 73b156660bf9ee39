import type { Blob, BlobStep, FileOrigin } from "./blob.ts";
import type { FileSink } from "./sink.ts";
import type { DrainJob, FileBlob } from "./workers/messages.ts";

/* As much as another thread has to know: what else its maker has put there might not be fit to be sent. */

export function plainSink({ fd, path, position }: FileSink): DrainJob["sink"] {
  return { fd, path, position };
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
