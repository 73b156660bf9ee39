import { DrayageError } from "@drayage/errors";
import { quote } from "./json/quote.ts";
import type { Platform } from "./types.ts";

/** The platform that is wanted; what is absent is that of this machine. */
export interface PlatformWish {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
}

/** From the most capable to the least: a machine of one variant runs images for those after it. */
const variantOrder: Readonly<Record<string, readonly string[]>> = {
  arm: ["v8", "v7", "v6", "v5"],
  arm64: ["v8"],
};

/**
 * The platforms that satisfy a wish, the preferred first, as containers/image has them. A variant is
 * followed by the less capable ones and by none; without a variant none comes first, then all. The variant of
 * this machine counts only where no architecture is wished for.
 */
export function acceptablePlatforms(
  wish: PlatformWish = {},
  host: Platform = hostPlatform(),
): readonly Platform[] {
  const architecture = wish.architecture || host.architecture;
  const variant = wish.variant || (wish.architecture ? "" : (host.variant ?? ""));
  const os = wish.os || host.os;
  return variantsFor(architecture, variant).map((name) =>
    name === "" ? { architecture, os } : { architecture, os, variant: name },
  );
}

function variantsFor(architecture: string, variant: string): readonly string[] {
  const order = Object.hasOwn(variantOrder, architecture) ? (variantOrder[architecture] ?? []) : [];
  if (variant === "") return ["", ...order];
  const at = order.indexOf(variant);
  return at < 0 ? [variant, ""] : [...order.slice(at), ""];
}

/** Whether two platforms have the same operating system, architecture and variant. */
export function samePlatform(a: Platform, b: Platform): boolean {
  return a.architecture === b.architecture && a.os === b.os && (a.variant ?? "") === (b.variant ?? "");
}

const architectures: Readonly<Record<string, string>> = {
  ia32: "386",
  loong64: "loong64",
  mipsel: "mipsle",
  ppc64: "ppc64le",
  x64: "amd64",
};

const systems: Readonly<Record<string, string>> = { sunos: "solaris", win32: "windows" };

/**
 * The platform of this machine in Go's names, with the variant where the CPU is an ARM. Where there is no
 * Node (a browser), that of most images: linux/amd64.
 */
export function hostPlatform(): Platform {
  const { process } = globalThis;
  if (process?.arch === undefined) return { architecture: "amd64", os: "linux" };
  const architecture = architectures[process.arch] ?? process.arch;
  const os = systems[process.platform] ?? process.platform;
  const variant = armVariant(architecture);
  return variant === undefined ? { architecture, os } : { architecture, os, variant };
}

function armVariant(architecture: string): string | undefined {
  if (architecture === "arm64") return "v8";
  if (architecture !== "arm") return undefined;
  const version = (globalThis.process.config.variables as { readonly arm_version?: string }).arm_version;
  return version === undefined ? "v7" : `v${version}`;
}

const platformPattern = /^([a-z0-9_]+)\/([a-z0-9_]+)(?:\/([a-z0-9_.]+))?$/;

/** Other names that people use, and what they mean: `[architecture, variant]`. */
const otherNames: Readonly<Record<string, readonly [string, string?]>> = {
  aarch64: ["arm64"],
  armel: ["arm", "v6"],
  armhf: ["arm", "v7"],
  i386: ["386"],
  i686: ["386"],
  x86_64: ["amd64"],
};

/** `os/architecture[/variant]`: `linux/arm64/v8`. Throws ERR_DRAYAGE_USAGE. */
export function parsePlatform(text: string): Platform {
  const [, os, name, given] = platformPattern.exec(text) ?? [];
  if (os === undefined || name === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${quote(text)} is not a platform`, {
      hint: "write os/architecture or os/architecture/variant, as in linux/arm64 or linux/arm/v7",
    });
  }
  const [architecture, implied] = (Object.hasOwn(otherNames, name) ? otherNames[name] : undefined) ?? [name];
  const variant = given ?? implied;
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** `os/architecture[/variant]`, with `unknown` for what is empty. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return `${os || "unknown"}/${architecture || "unknown"}${variant ? `/${variant}` : ""}`;
}
