/**
 * The command `dray`, for programs that want to run it inside themselves.
 * @module
 */
export type { Output } from "./context.ts";
export { exitCodes } from "./exit-codes.ts";
export { type Invocation, main } from "./main.ts";
