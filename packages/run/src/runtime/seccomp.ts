import { existsSync, readFileSync, statSync } from "node:fs";
import { DrayageError, ioError } from "@drayage/errors";

/** A profile as containers/common reads it. */
interface Profile {
  readonly defaultAction?: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[] | null;
  readonly archMap?:
    | readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] | null }[]
    | null;
  readonly flags?: readonly string[] | null;
  readonly syscalls?: readonly Rule[] | null;
}

interface Rule {
  readonly name?: string;
  readonly names?: readonly string[] | null;
  readonly action: string;
  readonly args?: readonly object[] | null;
  readonly errnoRet?: number | null;
  readonly includes?: Conditions | null;
  readonly excludes?: Conditions | null;
}

interface Conditions {
  readonly arches?: readonly string[] | null;
  readonly caps?: readonly string[] | null;
}

export const usualProfiles: readonly string[] = [
  "/etc/containers/seccomp.json",
  "/usr/share/containers/seccomp.json",
];
const profileLimit = 4 * 1024 * 1024;
const architectures: Readonly<Record<string, readonly [go: string, seccomp: string]>> = {
  x64: ["amd64", "SCMP_ARCH_X86_64"],
  arm64: ["arm64", "SCMP_ARCH_AARCH64"],
};

/**
 * The filter of system calls for a command with these capabilities, as the runtime specification has it; undefined for `unconfined`, and where
 * nothing was asked for and the machine has no profile.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID` for a profile that is none
 */
export function seccompFilter(
  asked: string | undefined,
  capabilities: readonly string[],
): object | undefined {
  if (asked === "unconfined") return undefined;
  const path = asked || usualProfiles.find((file) => existsSync(file));
  return path === undefined ? undefined : filterOf(readProfile(path), new Set(capabilities));
}

function readProfile(path: string): Profile {
  let text: string;
  try {
    if (statSync(path).size > profileLimit) throw invalid(path, "it is longer than 4 MiB");
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw ioError(error, "read the seccomp profile", { path });
  }
  let profile: unknown;
  try {
    profile = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, "it is no JSON", cause);
  }
  if (typeof profile !== "object" || profile === null || Array.isArray(profile))
    throw invalid(path, "it is no object");
  const { syscalls } = profile as Profile;
  if (syscalls && !Array.isArray(syscalls)) throw invalid(path, "its syscalls are no list");
  return profile;
}

function invalid(path: string, why: string, cause?: unknown): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `the seccomp profile ${JSON.stringify(path)} cannot be used: ${why}`,
    {
      cause,
    },
  );
}

function filterOf(profile: Profile, capabilities: ReadonlySet<string>): object {
  const [go = "", native = ""] = architectures[process.arch] ?? [];
  const mapped = profile.archMap?.find(({ architecture }) => architecture === native);
  const names = profile.architectures?.length
    ? profile.architectures
    : mapped && [mapped.architecture, ...(mapped.subArchitectures ?? [])];
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    ...(names && { architectures: names }),
    ...(profile.flags?.length && { flags: profile.flags }),
    syscalls: (profile.syscalls ?? []).filter((rule) => applies(rule, go, capabilities)).map(ruleOf),
  };
}

function applies(
  { includes, excludes }: Rule,
  architecture: string,
  capabilities: ReadonlySet<string>,
): boolean {
  if (excludes?.arches?.includes(architecture)) return false;
  if (excludes?.caps?.some((name) => capabilities.has(name))) return false;
  if (includes?.arches?.length && !includes.arches.includes(architecture)) return false;
  return !includes?.caps?.some((name) => !capabilities.has(name));
}

function ruleOf({ name, names, action, args, errnoRet }: Rule): object {
  return {
    names: name ? [name] : (names ?? []),
    action,
    ...(errnoRet !== undefined && errnoRet !== null && { errnoRet }),
    ...(args?.length && { args }),
  };
}
