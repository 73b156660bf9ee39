import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  adoptKernels,
  type CompiledKernels,
  compileKernels,
  crc32,
  createDeflater,
  createInflater,
  kernelsUnavailable,
} from "../../src/index.ts";

/*
 * A program of its own: says why kernels do not run, or what comes of a round trip through them on this thread and on
 * a worker that was given the compiled kernels and cannot compile any.
 */

function roundTrip(): number {
  const plain = new TextEncoder().encode("what goes in comes out again, ".repeat(1000));
  const inflater = createInflater();
  inflater.push(createDeflater().deflateBlock(plain, { level: 6, last: true }));
  let crc = 0;
  for (let piece = inflater.next(); piece.length > 0; piece = inflater.next()) crc = crc32(piece, crc);
  return crc === crc32(plain) ? crc : -1;
}

function forbidCompiling(): void {
  const api = (globalThis as unknown as { readonly WebAssembly: { Module: { readonly exports: unknown } } })
    .WebAssembly;
  const compile = () => {
    throw new Error("nothing is compiled here");
  };
  api.Module = Object.assign(compile, { exports: api.Module.exports });
}

if (!isMainThread) {
  forbidCompiling();
  adoptKernels(workerData as CompiledKernels);
  parentPort?.postMessage(roundTrip());
} else {
  const reason = kernelsUnavailable();
  if (reason !== undefined) {
    console.log(JSON.stringify({ reason, checksums: kernelsUnavailable("checksums") ?? "runs" }));
  } else {
    const worker = new Worker(process.argv[1] ?? "", { workerData: compileKernels() });
    worker.on("message", (there) => console.log(JSON.stringify({ here: roundTrip(), there })));
  }
}
