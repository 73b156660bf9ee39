import { DrayageError } from "@drayage/errors";
import type { NamespaceWishes } from "./joined-namespaces.ts";
import type { Isolation, NamespaceChoice, NamespaceChoices, Network } from "./options.ts";

export interface ChosenNamespaces {
  readonly network: Network;
  readonly namespaces: NamespaceChoices;
}

/**
 * What an isolation has of the namespaces that are asked for. Where nobody joins those of others, the network is the machine's instead, and the
 * rest the command's own, as with buildah; `notApplied` tells of it.
 *
 * @throws `ERR_DRAYAGE_USAGE`
 */
export function namespacesFor(
  { network = "host", namespaces = {} }: NamespaceWishes,
  isolation: Isolation,
): ChosenNamespaces {
  if (isolation !== "chroot") return { network, namespaces };
  if (network === "private") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "the isolation chroot has no private network", {
      hint: "use the network host or none, or an isolation with a runtime",
    });
  }
  const { cgroup, ipc, uts } = namespaces;
  return {
    network: typeof network === "object" ? "host" : network,
    namespaces: { cgroup: unlessJoined(cgroup), ipc: unlessJoined(ipc), uts: unlessJoined(uts) },
  };
}

function unlessJoined(choice: NamespaceChoice | undefined): NamespaceChoice | undefined {
  return typeof choice === "object" ? undefined : choice;
}

/** Whether the command has it for itself. */
export function isOwn(choice: NamespaceChoice | undefined): boolean {
  return choice === undefined || choice === "private";
}
