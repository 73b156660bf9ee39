import type { Transport } from "@drayage/transport";
import type { ConformanceCase } from "./cases.ts";

/** What the suite needs of a test framework: `{ describe, it }` of vitest, node:test, jest or mocha. */
export interface TestApi {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: (context: unknown) => Promise<void>): unknown;
}

/** One transport and its place in the world, made anew for each case. */
export interface TransportFixture {
  readonly transport: Transport;
  /** The text of a reference, without the scheme, to where nothing is yet. Each call gives another place. */
  reference(): string;
  /**
   * The text of a reference to an image that is there. Needed only for a transport that cannot write, whose reading
   * is tested with it.
   */
  image?(): string | Promise<string>;
  /** All that is in the places, as data that can be compared deeply. For folders: `snapshotTree` of this package. */
  snapshot(): Promise<unknown>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

/** How a transport differs from others where the contract lets it. */
export interface TransportTraits {
  /** `made`: the place keeps configs and layers, and a manifest is made of them when it is read. Else `kept`. */
  readonly manifests?: "kept" | "made" | undefined;
  /** `unpacked`: layers are read as the tar archives that they unpack to, however they were compressed. Else `kept`. */
  readonly layers?: "kept" | "unpacked" | undefined;
  /**
   * What an image at a reference that has one already does. `replaces` where absent; `refuses` means
   * ERR_DRAYAGE_DESTINATION_EXISTS, from opening the destination or from the commit.
   */
  readonly overwriting?: "replaces" | "refuses" | undefined;
}

export interface ConformanceOptions {
  readonly test: TestApi;
  /** For the title: the transport's scheme. */
  readonly name: string;
  /** Makes a fixture with empty places. Called for each case. */
  setup(): Promise<TransportFixture> | TransportFixture;
  readonly traits?: TransportTraits | undefined;
  readonly references?:
    | {
        /** Texts that are references. */
        readonly valid?: readonly string[] | undefined;
        /** Texts that are none. */
        readonly invalid?: readonly string[] | undefined;
      }
    | undefined;
  /** How long is waited, in milliseconds, for what should happen at once; 10 000 where absent. */
  readonly patience?: number | undefined;
  /** Cases that are left out, each with the reason why. */
  readonly skip?:
    | readonly { readonly reason: string; readonly cases: readonly ConformanceCase[] }[]
    | undefined;
}

/** What a single case is run with. */
export type CaseOptions = Pick<ConformanceOptions, "setup" | "traits" | "references" | "patience">;
