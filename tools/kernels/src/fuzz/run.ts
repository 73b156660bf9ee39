import { Failure } from "./failure.ts";
import { minimised } from "./minimise.ts";
import { caseSeed, Random } from "./random.ts";
import type { Target, Trial } from "./target.ts";

/** One trial of a run, by which it can be repeated. */
export interface CaseName {
  readonly target: string;
  readonly seed: number;
  readonly index: number;
}

export interface Report extends CaseName {
  readonly what: string;
  readonly problem: string;
  /** False where it fails only after the trials before it, because of what they left behind. */
  readonly alone: boolean;
  /** In hex. */
  readonly data?: string;
  /** In hex: a smaller input that fails as well. */
  readonly smallest?: string;
}

export interface RunOptions {
  readonly seed: number;
  readonly first: number;
  /** Says whether the trial of this number is still to be run. */
  more(index: number): boolean;
  /** Is called before every trial. */
  onTrial?(name: CaseName): void;
  onFailure(report: Report): void;
}

/** Runs trials of each target in turn. `make` gives targets whose kernels have done nothing yet. */
export function run(make: () => readonly Target[], options: RunOptions): void {
  const targets = make();
  for (let index = options.first; options.more(index); index++) {
    for (const target of targets) {
      const name = { target: target.name, seed: options.seed, index };
      options.onTrial?.(name);
      const failure = failureOf(target, name);
      if (failure !== undefined) options.onFailure(report(make, name, failure));
    }
  }
}

interface FailedTrial {
  readonly trial: Trial | undefined;
  readonly problem: string;
}

function failureOf(target: Target, name: CaseName): FailedTrial | undefined {
  let trial: Trial | undefined;
  try {
    trial = trialOf(target, name);
    trial.check(trial.data);
    return undefined;
  } catch (error) {
    // A kernel that fails while the trial is made, or the fuzzer's own fault: to be told in full.
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { trial, problem: error instanceof Failure ? error.message : told };
  }
}

function trialOf(target: Target, { seed, index }: CaseName): Trial {
  const nameSeed = [...target.name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);
  return target.trial(new Random(caseSeed(seed ^ nameSeed, index)));
}

function report(make: () => readonly Target[], name: CaseName, { trial, problem }: FailedTrial): Report {
  const what = trial?.what ?? "the input itself";
  const fresh = make().find((target) => target.name === name.target);
  if (fresh === undefined) throw new TypeError(`there is no target ${name.target}`);
  const again = failureOf(fresh, name);
  const alone = again !== undefined;
  if (trial === undefined) return { ...name, what, problem, alone };
  const data = hex(trial.data);
  if (again?.trial === undefined) return { ...name, what, problem, alone, data };
  const { check } = again.trial;
  const smallest = minimised(trial.data, (candidate) => fails(check, candidate));
  return { ...name, what, problem, alone, data, smallest: hex(smallest) };
}

function fails(check: Trial["check"], data: Uint8Array): boolean {
  try {
    check(data);
    return false;
  } catch (error) {
    return error instanceof Failure;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
