import type { Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { Added, AddOptions, WorkingContainer } from "../builder.ts";

/** A working container of a store: buildah's own. Closing it changes nothing. */
export interface StoreContainer extends WorkingContainer {
  readonly store: Store;
  /** Reads {@link WorkingContainer.state} again: others may have changed it. Every method that changes something does so by itself. */
  refresh(options?: OperationOptions): Promise<void>;
  add(sources: readonly string[], destination: string, options?: AddOptions): Promise<Added>;
  copy(sources: readonly string[], destination: string, options?: AddOptions): Promise<Added>;
  /** Throws `ERR_DRAYAGE_NAME_TAKEN`. */
  rename(name: string, options?: OperationOptions): Promise<void>;
}
