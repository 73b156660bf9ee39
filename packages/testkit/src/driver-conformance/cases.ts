import type { DriverCaseBody } from "./case.ts";
import { type EdgeCase, edgeCases } from "./edge-cases.ts";
import { layerCases } from "./layer-cases.ts";
import { placeCases } from "./place-cases.ts";
import { stagingCases } from "./staging-cases.ts";

/** A rule that the suite checks, by its name. */
export type DriverCase =
  | keyof typeof placeCases
  | keyof typeof stagingCases
  | keyof typeof layerCases
  | EdgeCase;

const cases: Readonly<Record<DriverCase, DriverCaseBody>> = {
  ...placeCases,
  ...stagingCases,
  ...layerCases,
  ...edgeCases,
};

/** Every case in the order in which they run. */
export const driverCases: readonly DriverCase[] = Object.keys(cases) as DriverCase[];

/** @throws RangeError for a name that no case has */
export function driverCaseOf(name: DriverCase): DriverCaseBody {
  const body = cases[name];
  if (body === undefined) throw new RangeError(`no case is called ${JSON.stringify(name)}`);
  return body;
}
