/*
 * CRC-32, CRC-64 and XXH64 over bytes that the caller has put at `input`, `inputSize` at most.
 * `makeTables` comes before all else.
 */
import { makeCrc32Tables } from "./crc32.ts";
import { makeCrc64Tables } from "./crc64.ts";

export { crc32 } from "./crc32";
export { crc64 } from "./crc64";
export { input, inputSize } from "../input";
export { lanes as xxh64Lanes, xxh64Finish, xxh64Start, xxh64Stripes } from "./xxh64";

export function makeTables(): void {
  makeCrc32Tables();
  makeCrc64Tables();
}
