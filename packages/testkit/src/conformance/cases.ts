import type { Case } from "./case.ts";
import { placeCases } from "./place-cases.ts";
import { referenceCases } from "./reference-cases.ts";
import { refusalCases } from "./refusal-cases.ts";
import { sourceCases } from "./source-cases.ts";
import { writeCases } from "./write-cases.ts";

/** A rule that the suite checks, by its name. */
export type ConformanceCase =
  | keyof typeof referenceCases
  | keyof typeof sourceCases
  | keyof typeof writeCases
  | keyof typeof refusalCases
  | keyof typeof placeCases;

const cases: Readonly<Record<ConformanceCase, Case>> = {
  ...referenceCases,
  ...sourceCases,
  ...writeCases,
  ...refusalCases,
  ...placeCases,
};

/** Every case in the order in which they run. */
export const conformanceCases: readonly ConformanceCase[] = Object.keys(cases) as ConformanceCase[];

export function caseOf(name: ConformanceCase): Case {
  return cases[name];
}
