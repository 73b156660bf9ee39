import { DrayageError } from "@drayage/errors";
import { type ImageReference, type Transport, transportApiVersion, transportBrand } from "./contract.ts";
import { isScheme } from "./scheme.ts";

/** A transport as its author writes it: {@link defineTransport} adds the brand and the version. */
export type TransportDefinition<R extends ImageReference = ImageReference> = Omit<
  Transport<R>,
  typeof transportBrand | "apiVersion"
>;

/**
 * Makes a transport of an object with the methods that it has abilities for.
 *
 * @throws `ERR_DRAYAGE_PLUGIN_INVALID`
 */
export function defineTransport<R extends ImageReference>(definition: TransportDefinition<R>): Transport<R> {
  const transport: Transport<R> = {
    ...definition,
    [transportBrand]: true,
    apiVersion: transportApiVersion,
  };
  checkTransport(transport, `transport ${JSON.stringify(definition.scheme)}`);
  return transport;
}

/** Whether a value is a transport of this version of the contract, whichever copy of this package made it. */
export function isTransport(value: unknown): value is Transport {
  return problemOf(value) === undefined;
}

/**
 * Throws `ERR_DRAYAGE_PLUGIN_INVALID`, which says why, where a value is no transport that can be used here.
 *
 * @param what where the value comes from, for the message: `the package "drayage-transport-zip"`
 */
export function checkTransport(value: unknown, what: string): asserts value is Transport {
  const problem = problemOf(value);
  if (problem === undefined) return;
  const [sentence, hint] = problem;
  throw new DrayageError("ERR_DRAYAGE_PLUGIN_INVALID", `${what} ${sentence}`, { hint });
}

const optionalMethods = [
  "openSource",
  "openDestination",
  "deleteImage",
  "listTags",
  "resolveImage",
  "policyScopes",
] as const;

type Problem = readonly [sentence: string, hint?: string];

function problemOf(value: unknown): Problem | undefined {
  if (typeof value !== "object" || value === null) return ["is no transport: it is no object"];
  const candidate = value as Partial<Record<keyof Transport, unknown>>;
  if (candidate[transportBrand] !== true) {
    return ["is no transport: it has no brand", "make transports with defineTransport of @drayage/transport"];
  }
  const { apiVersion, scheme, aliases = [] } = candidate;
  if (apiVersion !== transportApiVersion) {
    const made = `is made for version ${String(apiVersion)} of the contract, and this is version ${transportApiVersion}`;
    const older = typeof apiVersion === "number" && apiVersion < transportApiVersion;
    return [made, older ? "install a newer version of the plugin" : "install a newer version of drayage"];
  }
  if (!isScheme(scheme)) {
    return [`has the scheme ${JSON.stringify(scheme)}`, "a scheme is of lower-case letters, digits and -"];
  }
  if (!Array.isArray(aliases) || !aliases.every(isScheme)) return ["has aliases that are no schemes"];
  for (const text of ["summary", "syntax"] as const) {
    if (typeof candidate[text] !== "string") return [`lacks its ${text}`];
  }
  if (typeof candidate.parse !== "function") return ["lacks parse()"];
  for (const method of optionalMethods) {
    if (candidate[method] !== undefined && typeof candidate[method] !== "function") {
      return [`has a ${method} that is no function`, "an ability that is absent is a method that is absent"];
    }
  }
  return undefined;
}
