/** What storage.conf and the environment say of the machine's container storage. */
export interface StorageSettings {
  /** `overlay`, `vfs` …; absent where nothing names one. */
  readonly driver?: string | undefined;
  /** Drivers to try in this order where none is named. */
  readonly driverPriority: readonly string[];
  /** Absolute: where layers, images and containers are kept. */
  readonly graphRoot: string;
  /** Absolute: what is gone after a reboot. */
  readonly runRoot: string;
  /** Where the images are kept, if not in the graph root. */
  readonly imageStore?: string | undefined;
  /** Other stores, from which images are only read. */
  readonly additionalImageStores: readonly string[];
  /** Whether containers are forgotten at a reboot. */
  readonly transientStore: boolean;
  /** Options of drivers in their order, of which a later one counts more: see {@link driverOptions}. */
  readonly options: readonly StorageOption[];
  /** Whether the store is a user's own, not the machine's. */
  readonly rootless: boolean;
  /** The files that were read. */
  readonly files: readonly string[];
}

/** An option of a storage driver. */
export interface StorageOption {
  /** Absent: it is for whichever driver is used. */
  readonly driver?: string | undefined;
  readonly name: string;
  readonly value: string;
}
