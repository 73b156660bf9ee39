import type { DriverBench } from "./bench.ts";

/** Finds out whether a driver keeps one rule of the contract. */
export type DriverCaseBody = (bench: DriverBench) => Promise<void>;

export type DriverCases<Name extends string> = Readonly<Record<Name, DriverCaseBody>>;
