import { spelling } from "../flags/arguments.ts";
import { refuseFlags } from "../flags/refused-flags.ts";
import { said } from "./said.ts";

interface NotServed {
  /** The flag by its key in a command's definition. */
  readonly key: string;
  readonly why: string;
}

const mapped = "mapped users are not supported";
const profiles = "there are no such profiles; node --cpu-prof makes one";

/** Flags of buildah's, besides those that sign and encrypt, that dray takes and refuses: what they ask for is not there, and they are not to be ignored. */
const notServed: readonly NotServed[] = [
  { key: "usernsUidMap", why: mapped },
  { key: "usernsGidMap", why: mapped },
  { key: "usernsUidMapUser", why: mapped },
  { key: "usernsGidMapGroup", why: mapped },
  { key: "cpuProfile", why: profiles },
  { key: "memoryProfile", why: profiles },
];

/** Throws `ERR_DRAYAGE_USAGE` where a flag asks a command for what is not there. */
export function refuseNotServed(flags: Readonly<Record<string, unknown>>): void {
  refuseFlags(flags);
  const found = notServed.find(({ key }) => flags[key] !== undefined && flags[key] !== false);
  if (found === undefined) return;
  throw said(`${spelling(found.key)}: ${found.why}`);
}
