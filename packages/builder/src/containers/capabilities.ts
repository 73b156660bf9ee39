import { readFile } from "node:fs/promises";
import { DrayageError, ioError } from "@drayage/errors";
import { capabilityName, capabilityNames } from "@drayage/run";

/**
 * Capabilities with some more and some less, sorted. `all` adds what this process could have; dropped, only those that are added stay.
 *
 * @throws ERR_DRAYAGE_USAGE where one is not known, or is added and dropped
 */
export async function mergeCapabilities(
  usual: readonly string[],
  add: readonly string[] = [],
  drop: readonly string[] = [],
): Promise<readonly string[]> {
  const [base, added, dropped] = [usual, add, drop].map((names) => new Set(names.map(capabilityName)));
  if (base === undefined || added === undefined || dropped === undefined) return [];
  const both = [...added].find((name) => dropped.has(name));
  if (both !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the capability ${both} is both added and dropped`);
  }
  if (dropped.has("ALL")) return [...added].sort();
  const whole = added.has("ALL") ? await boundingSet() : [...base, ...added];
  return [...new Set(whole)].filter((name) => !dropped.has(name)).sort();
}

async function boundingSet(): Promise<readonly string[]> {
  const file = "/proc/self/status";
  try {
    const [, hex = "0"] = /^CapBnd:\s*([0-9a-f]+)/m.exec(await readFile(file, "utf8")) ?? [];
    const bits = BigInt(`0x${hex}`);
    return capabilityNames.filter((_, index) => (bits >> BigInt(index)) & 1n);
  } catch (error) {
    throw ioError(error, "read", { path: file });
  }
}
