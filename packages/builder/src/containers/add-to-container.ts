import { join } from "node:path";
import { addToRootfs } from "@drayage/build-context";
import { sourceDateEpoch } from "@drayage/copy";
import type { Added, AddOptions } from "../builder.ts";
import type { BuilderState } from "../state/state.ts";

export interface AddToContainerOptions extends AddOptions {
  readonly state: BuilderState;
  /** Where the files of another container or image are: sources are its. */
  readonly fromFolder: string | undefined;
}

/** Adds sources to the files of a container that are in a folder. */
export async function addToContainer(
  folder: string,
  { sources, destination }: { readonly sources: readonly string[]; readonly destination: string },
  options: AddToContainerOptions,
): Promise<Added> {
  const { state, fromFolder, from: _, addHistory: __, retry, contextDir, ...given } = options;
  return addToRootfs(folder, sources, destination, {
    ...given,
    contextDir: fromFolder === undefined ? contextDir : join(fromFolder, contextDir ?? "/"),
    workingDir: state.image.oci.config?.WorkingDir || "/",
    retries: retry,
    // The history of an image that is to be the same everywhere has it.
    portableDigest: sourceDateEpoch(process.env) !== undefined,
  });
}
