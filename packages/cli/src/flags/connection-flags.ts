import { hidden, shared, type TextFlag, text, toggle, valued } from "./kinds.ts";
import { durationParser, wholeNumberParser } from "./parsers.ts";

type TextName = "Authfile" | "CertDir" | "Creds" | "DaemonHost" | "Password" | "RegistryToken" | "Username";
type ToggleName = "NoCreds" | "TlsVerify";

const texts: Readonly<Record<TextName, readonly [placeholder: string, brief: string]>> = {
  Authfile: ["file", "The file with the logins, instead of the usual ones"],
  CertDir: ["folder", "A folder with *.crt, *.cert and *.key files for this registry or daemon"],
  Creds: ["user[:password]", "Log in to the registry as this user"],
  DaemonHost: ["host", "Where the docker daemon listens (docker-daemon)"],
  Password: ["password", "The password of this user"],
  RegistryToken: ["token", "A bearer token for the registry"],
  Username: ["user", "Log in to the registry as this user"],
};

const toggles: Readonly<Record<ToggleName, string>> = {
  NoCreds: "Ask the registry as nobody",
  TlsVerify: "Require HTTPS and check certificates; =false does neither",
};

type Prefix = "" | "src" | "dest";
type Named<P extends string, N extends string> = P extends "" ? Uncapitalize<N> : `${P}${N}`;

/** skopeo's flags for one image's registry or daemon. They mean nothing to a transport that has no such thing. */
export type ConnectionFlags<P extends Prefix> = {
  readonly [K in Named<P, TextName>]?: string;
} & { readonly [K in Named<P, ToggleName>]?: boolean };

type ConnectionFlagParameters<P extends Prefix> = {
  readonly [K in Named<P, TextName>]: ReturnType<typeof text>;
} & { readonly [K in Named<P, ToggleName>]: ReturnType<typeof toggle> };

/** The flag's key in a command: `srcCreds`, or `creds` where there is no prefix. */
export function prefixed(prefix: Prefix, name: string): string {
  return prefix === "" ? name.charAt(0).toLowerCase() + name.slice(1) : prefix + name;
}

export function connectionFlags<P extends Prefix>(prefix: P): ConnectionFlagParameters<P> {
  const side = prefix === "" ? "" : prefix === "src" ? "source: " : "destination: ";
  const flags = Object.fromEntries([
    ...Object.entries(texts).map(([name, [placeholder, brief]]) => [
      prefixed(prefix, name),
      text(placeholder, `${side}${brief}`),
    ]),
    ...Object.entries(toggles).map(([name, brief]) => [prefixed(prefix, name), toggle(`${side}${brief}`)]),
  ]) as ConnectionFlagParameters<P>;
  return shared("registry", flags);
}

/** Flags of a command with two ends that speak for both of them. */
export interface BothEndsFlags {
  readonly authfile?: string;
  readonly screds?: string;
  readonly dcreds?: string;
}

export const bothEndsFlags: {
  readonly authfile: TextFlag;
  readonly screds: TextFlag & { readonly hidden: true };
  readonly dcreds: TextFlag & { readonly hidden: true };
} = shared("registry", {
  authfile: text("file", "The file with the logins, for both ends"),
  screds: hidden(text("user[:password]", "The same as --src-creds")),
  dcreds: hidden(text("user[:password]", "The same as --dest-creds")),
});

interface NumberFlag {
  readonly kind: "parsed";
  readonly parse: (input: string) => number;
  readonly optional: true;
  readonly placeholder: string;
  readonly brief: string;
}

/** How often requests are made again. */
export interface RetryFlags {
  readonly retryTimes?: number;
  readonly retryDelay?: number;
}

export const retryFlags: {
  readonly retryTimes: NumberFlag;
  readonly retryDelay: NumberFlag;
} = shared("registry", {
  retryTimes: {
    kind: "parsed",
    parse: wholeNumberParser(0, 1000),
    optional: true,
    placeholder: "n",
    brief: valued("n", "How often a request that failed is made again (5)"),
  },
  retryDelay: {
    kind: "parsed",
    parse: durationParser,
    optional: true,
    placeholder: "duration",
    brief: valued("duration", "How long to wait before that, instead of longer and longer"),
  },
});
