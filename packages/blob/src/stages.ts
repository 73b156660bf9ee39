import { createVerifier, type Digest, type Verifier } from "@drayage/digest";
import type { Blob, BlobStage, BlobStep } from "./blob.ts";
import type { DrainResult } from "./sink.ts";
import { whatOf } from "./what.ts";

/** A step that makes other bytes of the bytes. */
export type Transform = Exclude<BlobStep, { do: "verify" }>;

/** Hashes and counts what passes at one stage, and verifies it against all that is known of the stage. */
export interface StageMeter {
  /** Throws `ERR_DRAYAGE_SIZE_MISMATCH` as soon as there are too many bytes. */
  update(bytes: Uint8Array): void;
  /** Throws `ERR_DRAYAGE_DIGEST_MISMATCH` or `ERR_DRAYAGE_SIZE_MISMATCH`. Later calls give the same result. */
  finish(): BlobStage;
}

/** A blob's steps, taken apart: `meters[n]` looks at what goes into `transforms[n]`, the last one at the result. */
export interface Stages {
  readonly meters: readonly StageMeter[];
  readonly transforms: readonly Transform[];
}

interface Facts {
  readonly digest?: Digest | undefined;
  readonly size?: number | undefined;
}

export function stagesOf(blob: Blob): Stages {
  const transforms: Transform[] = [];
  let facts: Facts[] = [];
  const known: Facts[][] = [facts];
  for (const step of blob.steps) {
    if (step.do === "verify") {
      facts.push(step);
    } else {
      transforms.push(step);
      facts = [];
      known.push(facts);
    }
  }
  // The blob's own digest comes first, since it decides in which algorithm the result is named.
  facts.unshift(blob);
  const what = whatOf(blob);
  const meters = known.map((stage, index) => {
    const step = transforms[index - 1];
    return createMeter(stage, step === undefined ? what : `${what}, ${step.do}d`);
  });
  return { meters, transforms };
}

/** The blob's steps, with nothing that verifies them. */
export function unverifiedStages(blob: Blob): Stages {
  return { meters: [], transforms: blob.steps.filter((step) => step.do !== "verify") };
}

/** What passed, stage by stage. */
export function resultOf(stages: Stages): DrainResult {
  const results = stages.meters.map((meter) => meter.finish());
  const last = results.at(-1);
  if (last === undefined) throw new TypeError("a blob has at least one stage");
  return { ...last, stages: results };
}

function createMeter(facts: readonly Facts[], what: string): StageMeter {
  const [first, ...others] = verifiersOf(facts, what);
  let result: BlobStage | undefined;
  return {
    update(bytes) {
      first.update(bytes);
      for (const verifier of others) verifier.update(bytes);
    },
    finish() {
      if (result !== undefined) return result;
      for (const verifier of others) verifier.finish();
      result = first.finish();
      return result;
    },
  };
}

/** One verifier for all facts that agree. Those that contradict each other get one each, and one of them fails. */
function verifiersOf(facts: readonly Facts[], what: string): readonly [Verifier, ...Verifier[]] {
  let first: Facts = {};
  const others: Facts[] = [];
  for (const { digest, size } of facts) {
    if (!agree(first.digest, digest) || !agree(first.size, size)) others.push({ digest, size });
    else first = { digest: first.digest ?? digest, size: first.size ?? size };
  }
  return [createVerifier({ ...first, what }), ...others.map((other) => createVerifier({ ...other, what }))];
}

function agree<T>(a: T | undefined, b: T | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
