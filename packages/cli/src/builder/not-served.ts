import { spelling } from "../flags/arguments.ts";
import { refuseFlags } from "../flags/refused-flags.ts";
import { said } from "./said.ts";

interface NotServed {
  /** The flag by its key in a command's definition. */
  readonly key: string;
  readonly why: string;
  /** The commands that refuse it; all that take it where absent. */
  readonly commands?: readonly string[];
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
  { key: "registriesConfDir", why: "another folder of drop-ins is not supported; use --registries-conf" },
  {
    key: "mount",
    why: "run `buildah mount` within `buildah unshare` instead",
    commands: ["unshare"],
  },
  { key: "all", why: "of a list; use `manifest push`", commands: ["push"] },
  { key: "rm", why: "of a list; use `manifest push`", commands: ["push"] },
  { key: "disableCompression", why: "layers that are pushed are compressed", commands: ["push"] },
];

/** Throws `ERR_DRAYAGE_USAGE` where a flag asks a command for what is not there. */
export function refuseNotServed(command: string, flags: Readonly<Record<string, unknown>>): void {
  refuseFlags(flags);
  const found = notServed.find(
    ({ key, commands }) =>
      flags[key] !== undefined &&
      flags[key] !== false &&
      (commands === undefined || commands.includes(command)),
  );
  if (found === undefined) return;
  throw said(`${spelling(found.key)}: ${found.why}`);
}
