import zlib from "node:zlib";
import * as pako from "pako";
import { concat, sameBytes } from "./bytes.ts";

/** What is right for a stream. */
export type Verdict =
  | {
      readonly kind: "ended";
      readonly output: Uint8Array;
      /** How many bytes of input the stream has. */
      readonly consumed: number;
    }
  | {
      /** `truncated`: it would go on. `damaged`: nothing can make it whole. */
      readonly kind: "truncated" | "damaged";
      /** What zlib gives before it stops. */
      readonly output: Uint8Array;
    };

/** Streams that inflate to more are left out: they cost time and tell no more. */
const outputLimit = 8 * 1024 * 1024;

/**
 * The verdict of node:zlib, and undefined where a stream is too long. What came before the fault, which node:zlib keeps
 * to itself, is pako's: zlib in JavaScript.
 */
export function verdictOn(bytes: Uint8Array): Verdict | undefined {
  const verdict = byPako(bytes);
  if (verdict === undefined) return undefined;
  const native = byZlib(bytes);
  const agree =
    verdict.kind === "ended" && native.kind === "ended"
      ? verdict.consumed === native.consumed && sameBytes(verdict.output, native.output)
      : verdict.kind === native.kind;
  if (!agree)
    throw new Error(`node:zlib says ${native.kind} and pako ${verdict.kind}: no oracle for this stream`);
  return verdict;
}

function byZlib(bytes: Uint8Array): Verdict {
  try {
    const { buffer, engine } = zlib.inflateRawSync(bytes, { info: true }) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    return { kind: "ended", output: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    const truncated = (error as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
    return { kind: truncated ? "truncated" : "damaged", output: new Uint8Array(0) };
  }
}

/** zlib's window bits for a stream without header and trailer. */
const rawWindow = -15;

function byPako(bytes: Uint8Array): Verdict | undefined {
  const stream = new pako.ZStream();
  pako.zlibInflateInit2(stream, rawWindow);
  stream.input = bytes;
  stream.next_in = 0;
  stream.avail_in = bytes.length;
  const parts: Uint8Array[] = [];
  for (let total = 0; total <= outputLimit; ) {
    stream.output = new Uint8Array(64 * 1024);
    stream.next_out = 0;
    stream.avail_out = stream.output.length;
    const status = pako.zlibInflate(stream, pako.Z_SYNC_FLUSH);
    parts.push(stream.output.subarray(0, stream.next_out));
    total += stream.next_out;
    if (status === pako.Z_STREAM_END)
      return { kind: "ended", output: concat(parts), consumed: stream.next_in };
    if (status === pako.Z_DATA_ERROR) return { kind: "damaged", output: concat(parts) };
    if (stream.avail_out > 0) return { kind: "truncated", output: concat(parts) };
  }
  return undefined;
}
