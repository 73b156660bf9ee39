import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "./context.ts";
import { hidden, shared, text, toggle, valued } from "./flags/kinds.ts";
import { durationParser, textParser } from "./flags/parsers.ts";

/** Flags that every command takes, before or after its name. */
export interface GlobalFlags {
  readonly debug?: boolean;
  readonly plugin?: readonly string[];
  readonly overrideOs?: string;
  readonly overrideArch?: string;
  readonly overrideVariant?: string;
  readonly tmpdir?: string;
  readonly commandTimeout?: number;
  readonly policy?: string;
  readonly insecurePolicy?: boolean;
  readonly requireSigned?: boolean;
  readonly "registries.d"?: string;
  readonly registriesConf?: string;
  readonly registriesConfDir?: string;
  readonly tlsVerify?: boolean;
  readonly userAgentPrefix?: string;
}

export const globalFlags: FlagParametersForType<GlobalFlags, DrayContext> = shared("everywhere", {
  debug: toggle("Show where an error comes from"),
  plugin: {
    kind: "parsed",
    parse: textParser,
    optional: true,
    variadic: true,
    placeholder: "package",
    brief: valued("package", "Load transports from this package or file"),
  },
  overrideOs: text("os", "Choose images for this system instead of the running one"),
  overrideArch: text("arch", "Choose images for this architecture instead of the machine's"),
  overrideVariant: text("variant", "Choose images for this architecture variant"),
  tmpdir: text("folder", "Where large temporary files go"),
  commandTimeout: {
    kind: "parsed",
    parse: durationParser,
    optional: true,
    placeholder: "duration",
    brief: valued("duration", "Give up after this time (90s, 5m, 1h30m)"),
  },
  policy: text("file", "The trust policy, instead of the machine's policy.json"),
  insecurePolicy: toggle("Take images whatever the trust policy says"),
  requireSigned: toggle("Refuse images that the trust policy wants no signature of"),
  "registries.d": hidden(text("path", "Registry configuration folder")),
  tlsVerify: hidden(toggle("Require HTTPS and check certificates; =false does neither")),
  userAgentPrefix: hidden(text("text", "Put before the user agent")),
  registriesConf: text(
    "file",
    "Mirrors, locations and blocked registries, instead of the machine's registries.conf",
  ),
  registriesConfDir: hidden(text("folder", "Drop-ins of registries.conf, instead of the machine's")),
});

/** The value of a global flag, wherever it stands: for what must be known before a command is parsed. */
export function globalFlagValue(argv: readonly string[], flag: `--${string}`): string | undefined {
  const end = argv.indexOf("--");
  const before = argv.slice(0, end < 0 ? argv.length : end);
  const at = before.findIndex((argument) => argument === flag || argument.startsWith(`${flag}=`));
  const found = before[at];
  if (found === undefined) return undefined;
  return found === flag ? (before[at + 1] ?? "") : found.slice(flag.length + 1);
}
