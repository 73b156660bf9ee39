import { DrayageError } from "@drayage/errors";
import type { ImageReference, Transport } from "./contract.ts";

/** What a transport may be able to do, by the method that does it. */
export type Ability = "openSource" | "openDestination" | "deleteImage" | "listTags";

/** Each ability in words: "can …". */
export const abilityWords: Readonly<Record<Ability, string>> = {
  openSource: "read images",
  openDestination: "write images",
  deleteImage: "delete images",
  listTags: "list images",
};

/** What a transport can do. */
export function abilities(transport: Transport): readonly Ability[] {
  return allAbilities.filter((ability) => transport[ability] !== undefined);
}

const allAbilities = Object.keys(abilityWords) as readonly Ability[];

/**
 * Optional methods that are no abilities: what `resolveImage` tells can be read, too, and a transport without `policyScopes`
 * has a policy all the same.
 */
export type Shortcut = "resolveImage" | "policyScopes";

/** A transport that is known to have some abilities. */
export type TransportWith<
  A extends Ability | Shortcut,
  R extends ImageReference = ImageReference,
> = Transport<R> & Required<Pick<Transport<R>, A>>;

/**
 * The transport itself, with an ability that it is known to have from here on.
 *
 * @throws `ERR_DRAYAGE_TRANSPORT_UNSUPPORTED`, which names the transport and what it can do
 */
export function requireAbility<A extends Ability, R extends ImageReference>(
  transport: Transport<R>,
  ability: A,
): TransportWith<A, R> {
  if (hasAbility(transport, ability)) return transport;
  const can = allAbilities
    .filter((other) => transport[other] !== undefined)
    .map((other) => abilityWords[other]);
  throw new DrayageError(
    "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
    `transport ${transport.scheme} cannot ${abilityWords[ability]}`,
    { hint: can.length === 0 ? "it can do nothing" : `it can ${can.join(", ")}` },
  );
}

function hasAbility<A extends Ability, R extends ImageReference>(
  transport: Transport<R>,
  ability: A,
): transport is TransportWith<A, R> {
  return transport[ability] !== undefined;
}
