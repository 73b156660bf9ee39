import { closeSync, constants, openSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, ioError } from "@drayage/errors";
import type { NamespaceChoices, Network } from "./options.ts";

/** As the runtime specification calls them. */
export type NamespaceType = "cgroup" | "ipc" | "network" | "uts";

export interface NamespaceWishes {
  readonly network?: Network | undefined;
  readonly namespaces?: NamespaceChoices | undefined;
}

/** The namespaces of others that are to be joined. */
export function joinedNamespaces({
  network,
  namespaces = {},
}: NamespaceWishes): readonly { readonly type: NamespaceType; readonly path: string }[] {
  const { cgroup, ipc, uts } = namespaces;
  return Object.entries({ cgroup, ipc, network, uts }).flatMap(([type, choice]) =>
    typeof choice === "object" ? [{ type: type as NamespaceType, path: choice.path }] : [],
  );
}

/** A namespace that is kept open, so that it is found where the machine's `/proc` is not. */
export interface OpenedNamespace {
  readonly type: NamespaceType;
  readonly fd: number;
  /** The empty file of the bundle that it is to be bound on. */
  readonly path: string;
}

export interface OpenedNamespaces extends Disposable {
  readonly list: readonly OpenedNamespace[];
}

/**
 * Opens the namespaces that are to be joined.
 * @throws `ERR_DRAYAGE_USAGE` for a file that is no namespace, `ERR_DRAYAGE_IO`
 */
export function openNamespaces(wishes: NamespaceWishes, folder: string): OpenedNamespaces {
  const list: OpenedNamespace[] = [];
  const opened = {
    list,
    [Symbol.dispose]() {
      for (const { fd } of list.splice(0)) closeSync(fd);
    },
  };
  try {
    for (const { type, path } of joinedNamespaces(wishes)) {
      const own = join(folder, `namespace-${type}`);
      list.push({ type, fd: openNamespace(type, path), path: own });
      writeFileSync(own, "", { flag: "wx", mode: 0o600 });
    }
    return opened;
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

const NSFS_MAGIC = 0x6e736673;
const { O_RDONLY, O_NONBLOCK } = constants;

function openNamespace(type: NamespaceType, path: string): number {
  const isNamespace = (): boolean => statfsSync(path).type === NSFS_MAGIC;
  try {
    if (isNamespace()) return openSync(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    throw ioError(error, `join the ${type} namespace`, { path });
  }
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(path)} is no ${type} namespace`, {
    hint: "name a file as /proc/PID/ns has them, or one that such a file is bound on",
  });
}
