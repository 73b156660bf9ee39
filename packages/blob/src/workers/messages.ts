import type { DeflateAlgorithm } from "@drayage/compression";
import type { CompiledKernels } from "@drayage/kernels";
import type { Blob, FileOrigin } from "../blob.ts";
import type { DrainResult } from "../sink.ts";
import type { PlainError } from "./plain-error.ts";

/** What a worker is given when it is made. */
export interface WorkerSettings {
  /** Where optional libraries are looked for: the URL of a module of this package. */
  readonly base: string;
  /** Compiled once, in the thread that makes the workers. */
  readonly kernels: CompiledKernels;
}

/** A blob of a file, of plain data, which can be sent. */
export interface FileBlob extends Blob {
  readonly origin: FileOrigin;
}

/** A file that this process has open, or a consumer that is to be made by a program. */
export type PlainSink =
  | { readonly kind: "file"; readonly fd: number; readonly path: string; readonly position: number }
  | { readonly kind: "consumer"; readonly code: string; readonly settings: unknown };

/** Drains a blob of a file. */
export interface DrainJob {
  readonly kind: "drain";
  readonly blob: FileBlob;
  readonly sink: PlainSink;
  /** Its first 32 bits are not 0 once the job is to be given up. */
  readonly control: SharedArrayBuffer;
}

/** Makes ready to take the chunks of a blob that another thread gets, and to write what comes of them. */
export interface ReceiveJob {
  readonly kind: "receive";
  /** The blob, but for its origin. Absent where what is sent is inflated and verified already. */
  readonly blob?: Pick<Blob, "digest" | "size" | "what" | "steps"> | undefined;
  readonly sink: PlainSink;
}

/** Takes the chunk that stands in a slot. `receiver` is the id of the job that was made ready. */
export interface ChunkJob {
  readonly kind: "chunk";
  readonly receiver: number;
  readonly slot: SharedArrayBuffer;
  readonly size: number;
}

/** There is no chunk more. */
export interface EndJob {
  readonly kind: "end";
  readonly receiver: number;
  /** What passed, where it was verified before it was sent. */
  readonly drained: DrainResult | undefined;
}

/** The receiver is not needed any more: it has ended, or the blob is not wanted. */
export interface DropJob {
  readonly kind: "drop";
  readonly receiver: number;
}

/** Deflates the block that stands in a slot, and leaves what comes of it there. */
export interface DeflateJob {
  readonly kind: "deflate";
  readonly slot: SharedArrayBuffer;
  readonly algorithm: DeflateAlgorithm;
  readonly engine: string;
  readonly level: number;
  readonly dictionarySize: number;
  readonly size: number;
  readonly last: boolean;
  /** The slot's capacity for input, which decides where its parts are. */
  readonly blockSize: number;
}

export type Job = DrainJob | DeflateJob | ReceiveJob | ChunkJob | EndJob | DropJob;

export interface JobMessage {
  readonly id: number;
  readonly job: Job;
}

/** How a job ended well. */
export type Outcome =
  | { readonly state: "drained"; readonly result: DrainResult }
  | { readonly state: "deflated"; readonly size: number }
  /** A receiver is ready, has taken its chunk, or is no more. */
  | { readonly state: "received"; readonly receiver: number };

/** What a worker has to say of a job; `progress` any number of times, then one of the others. */
export type Reply = { readonly id: number } & (
  | Outcome
  | { readonly state: "progress"; readonly bytes: number }
  | { readonly state: "failed"; readonly error: PlainError }
);
