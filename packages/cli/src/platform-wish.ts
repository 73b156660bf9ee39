import { type PlatformWish, parsePlatform } from "@drayage/manifest";

interface PlatformFlags {
  readonly overrideOs?: string | undefined;
  readonly overrideArch?: string | undefined;
  readonly overrideVariant?: string | undefined;
}

/** The platform that the `--override` flags ask for, or undefined where they ask for none. */
export function platformWish(flags: PlatformFlags): PlatformWish | undefined {
  const { overrideOs: os, overrideArch: architecture, overrideVariant: variant } = flags;
  if (os === undefined && architecture === undefined && variant === undefined) return undefined;
  return { os, architecture, variant };
}

/** The same, or what `--platform` says. */
export function chosenPlatform(
  flags: PlatformFlags & { readonly platform?: string | undefined },
): PlatformWish | undefined {
  if (flags.platform === undefined) return platformWish(flags);
  const { os, architecture, variant } = parsePlatform(flags.platform);
  return { os, architecture, variant };
}
