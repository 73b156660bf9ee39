import type { StorageDriver } from "@drayage/storage";
import type { TestApi } from "../conformance/types.ts";
import type { DriverCase } from "./cases.ts";

/** One driver and its place in the world, made anew for each case. */
export interface DriverFixture {
  readonly driver: StorageDriver;
  /** Absolute. Nothing is there yet; its parent folder is. A case may make another place beside it, with `-2` at its end. */
  readonly graphRoot: string;
  /** Absolute. The same. */
  readonly runRoot: string;
  /** As a store gives them to the driver. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /**
   * Begins a layer, without an end, in another process that uses the same place, and kills that process. Where absent, nobody looks
   * whether what such a process leaves is found.
   */
  abandon?(): Promise<void>;
  /** All that is in the place, as data that can be compared deeply; where absent, `snapshotTree` of the graph root. */
  snapshot?(): Promise<unknown>;
  /** Removes everything, mounts first. */
  dispose(): Promise<void>;
}

/** How a driver differs from others where the contract lets it. */
export interface DriverTraits {
  /** `false`: `mount` is refused with ERR_DRAYAGE_STORE_UNSUPPORTED, since there are no folders to be seen. */
  readonly mounts?: boolean | undefined;
  /** `false`: layers are gone once all who opened the place have ended, and two who open it see nothing of each other. */
  readonly persistent?: boolean | undefined;
  /**
   * Where a file's owner, mode and type are: `real` for the file system, `attribute` for `user.containers.override_stat`, which
   * symbolic links cannot have. Where absent, `real` for root and `attribute` for others.
   */
  readonly owners?: "real" | "attribute" | undefined;
}

export interface DriverConformanceOptions {
  readonly test: TestApi;
  /** For the title: the driver's name. */
  readonly name: string;
  /** Makes a fixture with empty places. Called for each case. */
  setup(): Promise<DriverFixture> | DriverFixture;
  readonly traits?: DriverTraits | undefined;
  /** How long is waited, in milliseconds, for what should happen at once; 10 000 where absent. */
  readonly patience?: number | undefined;
  /** Cases that are left out, each with the reason why. */
  readonly skip?: readonly { readonly reason: string; readonly cases: readonly DriverCase[] }[] | undefined;
}

/** What a single case is run with. */
export type DriverCaseOptions = Pick<DriverConformanceOptions, "setup" | "traits" | "patience">;
