import type { FlagParametersForType } from "@stricli/core";
import type { NamedWords } from "../command.ts";
import type { DrayContext } from "../context.ts";
import {
  hidden,
  type SwitchFlag,
  shared,
  type TextFlag,
  text,
  texts,
  toggle,
  valued,
} from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type StorePlaceFlags, several, storePlaceFlags } from "../store/store-flags.ts";

/** What every command of the group takes: buildah's global flags, and dray's own for plugins and the trust policy. */
export type BuilderFlags = StorePlaceFlags & {
  readonly registriesConf?: string;
  readonly registriesConfDir?: string;
  readonly shortNameAliasConf?: string;
  readonly logLevel?: string;
  readonly debug?: boolean;
  readonly cgroupManager?: string;
  readonly defaultMountsFile?: string;
  readonly usernsUidMap?: readonly string[];
  readonly usernsGidMap?: readonly string[];
  readonly cpuProfile?: string;
  readonly memoryProfile?: string;
  readonly plugin?: readonly string[];
  readonly insecurePolicy?: boolean;
  readonly tmpdir?: string;
};

type Flags<F extends Readonly<Partial<Record<keyof F, unknown>>>> = FlagParametersForType<F, DrayContext>;

export const builderFlags: Flags<BuilderFlags> = {
  ...storePlaceFlags,
  ...shared("everywhere", {
    registriesConf: text(
      "file",
      "Mirrors, locations and blocked registries, instead of the machine's registries.conf",
    ),
    registriesConfDir: hidden(text("folder", "Drop-ins of registries.conf, instead of the machine's")),
    shortNameAliasConf: hidden(text("file", "Where short names are remembered")),
    logLevel: text("level", "With debug or trace, show where an error comes from"),
    debug: toggle("Show where an error comes from"),
    cgroupManager: hidden(text("manager", "How control groups are made")),
    defaultMountsFile: hidden(text("file", "Mounts of all containers")),
    usernsUidMap: hidden(texts("map", "Not supported")),
    usernsGidMap: hidden(texts("map", "Not supported")),
    cpuProfile: hidden(text("file", "Not supported")),
    memoryProfile: hidden(text("file", "Not supported")),
    plugin: hidden(several("package", "Load transports from this package or file")),
    insecurePolicy: hidden(toggle("Take images whatever the trust policy says")),
    tmpdir: hidden(text("folder", "Where large temporary files go")),
  }),
};

/** How a registry is reached. */
export interface RegistryFlags {
  readonly authfile?: string;
  readonly certDir?: string;
  readonly creds?: string;
  readonly tlsVerify?: boolean;
  readonly signaturePolicy?: string;
}

const registry: Flags<RegistryFlags> = shared("registry", {
  authfile: text("file", "The file with the logins, instead of the usual ones"),
  certDir: text("folder", "A folder with *.crt, *.cert and *.key files for the registry"),
  creds: text("user[:password]", "Log in to the registry as this user"),
  tlsVerify: toggle("Require HTTPS and check certificates; =false does neither"),
  signaturePolicy: hidden(text("file", "The trust policy")),
});

export const registryFlags: Flags<RegistryFlags> = registry;

/** The same for commands whose help does not show them. */
export const hiddenRegistryFlags: Flags<RegistryFlags> = Object.fromEntries(
  Object.entries(registry).map(([key, flag]) => [key, hidden(flag)]),
) as Flags<RegistryFlags>;

export interface RetryFlags {
  readonly retry?: number;
  readonly retryDelay?: string;
}

export const retryFlags: Flags<RetryFlags> = shared("registry", {
  retry: integer("n", "How often a request that failed is made again"),
  retryDelay: text("duration", "How long to wait before that"),
});

export interface PlatformFlags {
  readonly arch?: string;
  readonly os?: string;
  readonly variant?: string;
  readonly platform?: readonly string[];
}

export const platformFlags: Flags<PlatformFlags> = {
  arch: text("arch", "Of an index, the image for this architecture"),
  os: text("os", "Of an index, the image for this system"),
  variant: text("variant", "Of an index, the image for this variant of the architecture"),
  platform: texts("os/arch", "Of an index, the image for this platform"),
};

/** Flags that ask for what is not there: refused, never ignored. */
export interface CryptoFlags {
  readonly signBy?: string;
  readonly encryptionKey?: readonly string[];
  readonly encryptLayer?: readonly string[];
  readonly decryptionKey?: readonly string[];
}

export const cryptoFlags: Flags<CryptoFlags> = {
  signBy: hidden(text("fingerprint", "Not supported yet")),
  encryptionKey: hidden(texts("key", "Not supported yet")),
  encryptLayer: hidden(texts("index", "Not supported yet")),
  decryptionKey: hidden(texts("key", "Not supported yet")),
};

interface IntegerFlag extends Omit<TextFlag, "parse"> {
  readonly parse: (input: string) => number;
}

/** A flag with a whole number. */
export function integer(placeholder: string, brief: string): IntegerFlag {
  return { kind: "parsed", parse: goInteger, optional: true, placeholder, brief: valued(placeholder, brief) };
}

function goInteger(input: string): number {
  const value = /^[+-]?\d{1,15}$/.test(input) ? Number(input) : Number.NaN;
  if (!Number.isNaN(value)) return value;
  throw new SyntaxError(`strconv.ParseInt: parsing ${JSON.stringify(input)}: invalid syntax`);
}

/** A flag whose value may be left out, `--pull`, or is given with `=`. */
export function textOrAlone(
  placeholder: string,
  brief: string,
  alone: string,
): TextFlag & { readonly alone: string } {
  return { ...text(placeholder, brief), alone };
}

export const quietFlag: SwitchFlag = toggle("Show no progress");

export const addHistoryFlag: SwitchFlag = toggle("Tell of it in the image's history");

/**
 * The words behind a command's flags, as its help names them: `IMAGE`, `SOURCE...`, `[DESTINATION]`. The command itself counts them: buildah has
 * words of its own for too many.
 */
export function words(named: NamedWords = {}): WordParameters {
  return { kind: "array", parameter: { parse: textParser, brief: "" }, named };
}

interface WordParameters {
  readonly kind: "array";
  readonly parameter: { readonly parse: typeof textParser; readonly brief: string };
  readonly named: NamedWords;
}
