import { isDrayageError } from "@drayage/errors";
import type { Deflater, Inflater } from "@drayage/kernels";
import { beginsWith, concat, firstDifference, sameBytes } from "./bytes.ts";
import { chunksOf } from "./chunks.ts";
import { Failure } from "./failure.ts";
import { chunksStream, grammarStream } from "./grammar.ts";
import { guarded } from "./guards.ts";
import { mutated, spliced } from "./mutate.ts";
import { type Verdict, verdictOn } from "./oracle.ts";
import type { Random } from "./random.ts";
import type { Kernels, Target, Trial } from "./target.ts";
import { validStream } from "./valid.ts";

/** The most that an inflater gives at once. */
const chunkSize = 256 * 1024;

/** Raw streams, right and wrong, whose verdict and bytes are to be zlib's. */
export function inflateTarget(kernels: Kernels): Target {
  // One inflater for nearly all trials: what one stream leaves behind must not show in the next.
  let shared = guarded(() => kernels.createInflater());
  let deflater: Deflater | undefined;
  return {
    name: "inflate",
    trial(random) {
      if (random.once(100)) shared = guarded(() => kernels.createInflater());
      deflater ??= kernels.createDeflater();
      return inflateTrial(random, { inflater: shared.made, checkMemory: shared.check, deflater });
    },
  };
}

interface Parts {
  readonly inflater: Inflater;
  readonly deflater: Deflater;
  checkMemory(): void;
}

function inflateTrial(random: Random, { inflater, checkMemory, deflater }: Parts): Trial {
  const kind = random.pick([
    "valid",
    "mutated",
    "mutated",
    "spliced",
    "grammar",
    "grammar",
    "mutated grammar",
    "chunks",
    "noise",
  ]);
  const data = rawStream(random, kind, deflater);
  const seed = random.bits();
  return {
    what: `${kind} stream of ${data.length} bytes, in pieces by ${seed}`,
    data,
    check(bytes) {
      const verdict = verdictOn(bytes);
      if (verdict === undefined) return;
      inflater.reset();
      const ours = inflateAll(inflater, chunksOf(bytes, seed), verdict.output.length);
      compare(
        ours,
        saysDamaged(ours) && isDoomed(bytes, verdict) ? { ...verdict, kind: "damaged" } : verdict,
      );
      checkMemory();
    },
  };
}

/** A stream of one kind. */
export function rawStream(random: Random, kind: string, deflater?: Deflater): Uint8Array {
  switch (kind) {
    case "mutated":
      return mutated(random, validStream(random, deflater));
    case "spliced":
      return spliced(random, anyStream(random, deflater), anyStream(random, deflater));
    case "grammar":
      return grammarStream(random);
    case "chunks":
      return chunksStream(random);
    case "mutated grammar":
      return mutated(random, grammarStream(random));
    case "noise":
      return random.bytes(random.magnitude(0, 300));
    default:
      return validStream(random, deflater);
  }
}

function anyStream(random: Random, deflater?: Deflater): Uint8Array {
  return random.once(2) ? grammarStream(random) : validStream(random, deflater);
}

type Outcome =
  | { readonly kind: "ended"; readonly output: Uint8Array; readonly consumed: number }
  | { readonly kind: "refused"; readonly output: Uint8Array; readonly message: string };

/** Inflates a stream. `most` bounds the output, and so the time. */
function inflateAll(inflater: Inflater, chunks: Iterable<Uint8Array>, most: number): Outcome {
  const parts: Uint8Array[] = [];
  let total = 0;
  let pushed = 0;
  const drain = () => {
    for (let piece = inflater.next(); piece.length > 0; piece = inflater.next()) {
      if (piece.length > chunkSize) throw new Failure(`gives ${piece.length} bytes at once`);
      parts.push(piece.slice());
      total += piece.length;
      if (total > most) throw new Failure(`gives more than the ${most} bytes that zlib gives`);
    }
  };
  try {
    for (const chunk of chunks) {
      inflater.push(chunk);
      pushed += chunk.length;
      drain();
      if (inflater.ended) break;
    }
    if (!inflater.ended) {
      inflater.finish();
      drain();
    }
  } catch (error) {
    return { kind: "refused", output: concat(parts), message: messageOf(error) };
  }
  if (!inflater.ended) throw new Failure("neither ends nor refuses when there is no more input");
  return { kind: "ended", output: concat(parts), consumed: pushed - inflater.unused };
}

/** Of a refusal as it should be. All else is a failure: a trap, a TypeError, an error without a code. */
export function messageOf(error: unknown): string {
  if (isDrayageError(error) && error.code === "ERR_DRAYAGE_COMPRESSION_INVALID") return error.message;
  if (error instanceof Failure) throw error;
  throw new Failure(`throws ${String(error)}`, { cause: error });
}

function compare(ours: Outcome, verdict: Verdict): void {
  if (ours.kind === "ended" && verdict.kind === "ended") {
    if (!sameBytes(ours.output, verdict.output)) throw wrongBytes(ours.output, verdict.output);
    if (ours.consumed === verdict.consumed) return;
    throw new Failure(`takes ${ours.consumed} bytes of input, and zlib ${verdict.consumed}`);
  }
  if (ours.kind === "ended") throw new Failure(`accepts what zlib calls ${verdict.kind}`);
  if (verdict.kind === "ended") throw new Failure(`refuses what zlib accepts: ${ours.message}`);
  if (!beginsWith(verdict.output, ours.output)) throw wrongBytes(ours.output, verdict.output);
  const complete = ours.output.length === verdict.output.length;
  if (verdict.kind === "truncated" && !complete) {
    throw new Failure(`keeps back ${verdict.output.length - ours.output.length} bytes of a truncated stream`);
  }
  if (saysDamaged(ours) !== (verdict.kind === "damaged")) {
    throw new Failure(`says "${ours.message}", where zlib calls the stream ${verdict.kind}`);
  }
}

function saysDamaged(ours: Outcome): boolean {
  return ours.kind === "refused" && !/truncated/.test(ours.message);
}

/**
 * Whether zlib calls truncated what nothing can make whole. It takes a code without symbols, and says that it is wrong
 * only when all that it should stand for has come: so neither zeros nor ones make it go on.
 */
function isDoomed(bytes: Uint8Array, verdict: Verdict): boolean {
  if (verdict.kind !== "truncated") return false;
  return [0, 0xff].every((filling) => {
    const longer = verdictOn(concat([bytes, new Uint8Array(48).fill(filling)]));
    return longer?.kind === "damaged" && longer.output.length === verdict.output.length;
  });
}

function wrongBytes(ours: Uint8Array, right: Uint8Array): Failure {
  const at = firstDifference(ours, right);
  return new Failure(`gives ${ours.length} bytes that differ from zlib's ${right.length} at ${at}`);
}
