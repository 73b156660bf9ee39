import { mkdirSync, mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { removeFolder } from "./folders.ts";
import { createInputs, type ImageSource, type Inputs } from "./inputs.ts";
import type { Pace } from "./interleave.ts";

/** A place for one run: both folders are new, and on the same file system as all others. */
export interface Place {
  /** Where the result comes to. */
  readonly folder: string;
  /** For what else a program leaves. */
  readonly scratch: string;
}

/** What all rows of one run of the bench share. */
export interface Bench extends AsyncDisposable {
  readonly inputs: Inputs;
  /** How many pairs of a long operation to take. */
  readonly pace: Pace;
  /** How many pairs of what takes milliseconds. */
  readonly startPairs: number;
  /** Whether a run that is not counted comes first. */
  readonly warmUp: boolean;
  /** Whether a result of the peer is verified too, beside one of ours. */
  readonly verifiesPeer: boolean;
  /** How many bytes of a layer a kernel is given at most. */
  readonly kernelBytes: number;
  /** Where Node may keep compiled code, for programs that get a home of their own. */
  readonly compiledCode: string;
  newPlace(name: string): Place;
}

export interface BenchOptions {
  readonly image: ImageSource;
  readonly quick: boolean;
  /** How many pairs; the default depends on `quick`. */
  readonly runs?: number | undefined;
}

export async function openBench({ image, quick, runs }: BenchOptions): Promise<Bench> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-bench-"));
  const places = path.join(folder, "places");
  mkdirSync(places);
  let count = 0;

  function newPlace(name: string): Place {
    count += 1;
    const place = path.join(places, `${String(count).padStart(4, "0")}-${name}`);
    const result = path.join(place, "result");
    const scratch = path.join(place, "scratch");
    mkdirSync(result, { recursive: true });
    mkdirSync(scratch);
    return { folder: result, scratch };
  }

  return {
    inputs: createInputs({ image, newPlace }),
    pace: quick ? { pairs: runs ?? 3, seconds: 3 } : { pairs: runs ?? 7 },
    startPairs: Math.max(runs ?? 0, quick ? 20 : 40),
    warmUp: !quick,
    verifiesPeer: !quick,
    compiledCode: path.join(folder, "compiled"),
    kernelBytes: (quick ? 24 : 1024) * 1024 * 1024,
    newPlace,
    async [Symbol.asyncDispose]() {
      removeFolder(folder);
    },
  };
}
