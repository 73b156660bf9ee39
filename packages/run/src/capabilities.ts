import { capabilityName, capabilityNames, usualCapabilities } from "./capability-names.ts";
import type { CapabilityOptions } from "./options.ts";

/**
 * The capabilities that a command may have, sorted.
 * @throws `ERR_DRAYAGE_USAGE` for a name that is none
 */
export function capabilitiesOf({
  base = usualCapabilities,
  add = [],
  drop = [],
}: CapabilityOptions = {}): readonly string[] {
  const dropped = new Set(named(drop));
  const all = [...named(base), ...named(add)].filter((name) => !dropped.has(name));
  return [...new Set(all)].sort();
}

function named(texts: readonly string[]): readonly string[] {
  return texts.map(capabilityName).flatMap((name) => (name === "ALL" ? capabilityNames : [name]));
}
