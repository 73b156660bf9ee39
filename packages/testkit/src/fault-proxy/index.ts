export type { Ending, FaultAnswer, FaultCut, FaultMatch, FaultRule, Faults } from "./faults.ts";
export { type BlobBytes, countBlobBytes, type ProxiedRequest } from "./log.ts";
export type { FaultProxyTls } from "./place.ts";
export { createFaultProxy, type FaultProxy, type FaultProxyOptions } from "./proxy.ts";
