import { DrayageError } from "@drayage/errors";
import type { ConnectionOptions } from "@drayage/transport";
import { spelling } from "./flags/arguments.ts";
import { type ConnectionFlags, prefixed, type RetryFlags } from "./flags/connection-flags.ts";
import type { GlobalFlags } from "./global-flags.ts";
import { registriesPlace } from "./registries-place.ts";

type Flags = GlobalFlags & RetryFlags;

/** What the flags of a command with one image say about reaching its registry or daemon. Throws `ERR_DRAYAGE_USAGE`. */
export function connectionOptions(flags: Flags & ConnectionFlags<"">): ConnectionOptions {
  return optionsOf(flags, "");
}

/** The same for one end of a copy. What is said of both ends counts where nothing is said of this one. */
export function endConnectionOptions(
  flags: Flags & {
    readonly authfile?: string | undefined;
    readonly screds?: string | undefined;
    readonly dcreds?: string | undefined;
  } & (ConnectionFlags<"src"> | ConnectionFlags<"dest">),
  end: "src" | "dest",
): ConnectionOptions {
  const creds = end === "src" ? flags.screds : flags.dcreds;
  const { authfile, tlsVerify } = flags;
  return optionsOf(
    {
      ...flags,
      ...defaults(flags, end, { Authfile: authfile, TlsVerify: tlsVerify, Creds: creds }),
    },
    end,
  );
}

function defaults(
  flags: object,
  end: "src" | "dest",
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const given = flags as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [prefixed(end, name), given[prefixed(end, name)] ?? value]),
  );
}

function optionsOf(flags: Flags, prefix: "" | "src" | "dest"): ConnectionOptions {
  const given = flags as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = given[prefixed(prefix, name)];
    return typeof value === "string" ? value : undefined;
  };
  const toggled = (name: string): boolean | undefined => {
    const value = given[prefixed(prefix, name)];
    return typeof value === "boolean" ? value : undefined;
  };
  return {
    authFile: text("Authfile"),
    credentials: credentials({
      creds: text("Creds"),
      username: text("Username"),
      password: text("Password"),
      none: toggled("NoCreds") === true,
      nameOf: (name) => spelling(prefixed(prefix, name)),
    }),
    bearerToken: text("RegistryToken"),
    certDir: text("CertDir"),
    tlsVerify: toggled("TlsVerify"),
    daemonHost: text("DaemonHost"),
    ...registriesPlace(flags),
    registriesDir: flags["registries.d"],
    userAgentPrefix: flags.userAgentPrefix,
    retries: flags.retryTimes,
    retryDelay: flags.retryDelay,
  };
}

interface GivenCredentials {
  readonly creds: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly none: boolean;
  readonly nameOf: (flag: string) => string;
}

/** No value of a flag is ever repeated in what is thrown. */
function credentials({
  creds,
  username,
  password,
  none,
  nameOf,
}: GivenCredentials): ConnectionOptions["credentials"] {
  const user = username !== undefined || password !== undefined;
  if (none) {
    if (creds !== undefined) throw exclude(nameOf("Creds"), nameOf("NoCreds"));
    if (user) throw exclude(nameOf("Username"), nameOf("NoCreds"));
    return "none";
  }
  if (creds !== undefined) {
    if (user) throw exclude(nameOf("Creds"), nameOf("Username"));
    const colon = creds.indexOf(":");
    const name = colon < 0 ? creds : creds.slice(0, colon);
    if (name === "")
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${nameOf("Creds")}: the user's name is empty`);
    return { username: name, password: colon < 0 ? "" : creds.slice(colon + 1) };
  }
  if (!user) return undefined;
  if (username === undefined || username === "") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${nameOf("Password")} needs ${nameOf("Username")}`);
  }
  if (password === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${nameOf("Username")} needs ${nameOf("Password")}`);
  }
  return { username, password };
}

function exclude(first: string, second: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${first} and ${second} exclude each other`);
}
