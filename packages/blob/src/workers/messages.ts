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

/** Drains a blob of a file into a file that this process has open. */
export interface DrainJob {
  readonly kind: "drain";
  readonly blob: FileBlob;
  readonly sink: { readonly fd: number; readonly path: string; readonly position: number };
  /** Its first 32 bits are not 0 once the job is to be given up. */
  readonly control: SharedArrayBuffer;
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

export type Job = DrainJob | DeflateJob;

export interface JobMessage {
  readonly id: number;
  readonly job: Job;
}

/** What a worker has to say of a job; `progress` any number of times, then one of the others. */
export type Reply =
  | { readonly id: number; readonly state: "progress"; readonly bytes: number }
  | { readonly id: number; readonly state: "drained"; readonly result: DrainResult }
  | { readonly id: number; readonly state: "deflated"; readonly size: number }
  | { readonly id: number; readonly state: "failed"; readonly error: PlainError };
