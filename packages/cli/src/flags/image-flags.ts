import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";
import { type StorePlaceFlags, storePlaceFlags } from "../store/store-flags.ts";
import { type ConnectionFlags, connectionFlags, type RetryFlags, retryFlags } from "./connection-flags.ts";
import { settings, text } from "./kinds.ts";

/** What every command takes that looks into one image. */
export type ImageFlags = GlobalFlags &
  StorePlaceFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly platform?: string;
    readonly sharedBlobDir?: string;
    readonly option?: readonly (readonly [key: string, value: string])[];
  };

export const imageFlags: FlagParametersForType<ImageFlags, DrayContext> = {
  ...globalFlags,
  ...storePlaceFlags,
  ...connectionFlags(""),
  ...retryFlags,
  platform: text("os/arch", "Of an index, the image for this platform"),
  sharedBlobDir: text("folder", "Where layouts share their blobs"),
  option: settings("An option of the transport's own"),
};
