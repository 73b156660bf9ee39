import { hidden, text, toggle } from "./kinds.ts";

type TextName = "Authfile" | "CertDir" | "Creds" | "DaemonHost" | "Password" | "RegistryToken" | "Username";
type ToggleName = "NoCreds" | "TlsVerify";
type Named<P extends string, N extends string> = P extends "" ? Uncapitalize<N> : `${P}${N}`;

/**
 * Flags of skopeo's that speak to registries and daemons. As in skopeo, they are understood for every
 * transport, and mean nothing to one that has no such thing.
 */
export type RegistryFlags<P extends "" | "src" | "dest"> = {
  readonly [K in Named<P, TextName>]?: string;
} & { readonly [K in Named<P, ToggleName>]?: boolean };

type RegistryFlagParameters<P extends "" | "src" | "dest"> = {
  readonly [K in Named<P, TextName>]: ReturnType<typeof hiddenText>;
} & { readonly [K in Named<P, ToggleName>]: ReturnType<typeof hiddenToggle> };

function hiddenText(): ReturnType<typeof text> & { readonly hidden: true } {
  return hidden(text("value", "Passed to transports that reach registries or daemons"));
}

function hiddenToggle(): ReturnType<typeof toggle> & { readonly hidden: true } {
  return hidden(toggle("Passed to transports that reach registries or daemons"));
}

const textNames: readonly TextName[] = [
  "Authfile",
  "CertDir",
  "Creds",
  "DaemonHost",
  "Password",
  "RegistryToken",
  "Username",
];
const toggleNames: readonly ToggleName[] = ["NoCreds", "TlsVerify"];

export function registryFlags<P extends "" | "src" | "dest">(prefix: P): RegistryFlagParameters<P> {
  const nameOf = (name: string): string =>
    prefix === "" ? name.charAt(0).toLowerCase() + name.slice(1) : prefix + name;
  return Object.fromEntries([
    ...textNames.map((name) => [nameOf(name), hiddenText()]),
    ...toggleNames.map((name) => [nameOf(name), hiddenToggle()]),
  ]) as RegistryFlagParameters<P>;
}
