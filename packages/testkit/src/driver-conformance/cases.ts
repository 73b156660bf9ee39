import type { DriverCaseBody } from "./case.ts";
import { layerCases } from "./layer-cases.ts";
import { placeCases } from "./place-cases.ts";
import { stagingCases } from "./staging-cases.ts";

/** A rule that the suite checks, by its name. */
export type DriverCase = keyof typeof placeCases | keyof typeof stagingCases | keyof typeof layerCases;

const cases: Readonly<Record<DriverCase, DriverCaseBody>> = { ...placeCases, ...stagingCases, ...layerCases };

/** Every case in the order in which they run. */
export const driverCases: readonly DriverCase[] = Object.keys(cases) as DriverCase[];

export function driverCaseOf(name: DriverCase): DriverCaseBody {
  return cases[name];
}
