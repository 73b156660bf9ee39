import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import { shared, type TextFlag, text, toggle } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

/** Which store is meant: podman's flags, which count more than storage.conf. */
export interface StorePlaceFlags {
  readonly root?: string;
  readonly runroot?: string;
  readonly storageDriver?: string;
  readonly storageOpt?: readonly string[];
}

export const storePlaceFlags: FlagParametersForType<StorePlaceFlags, DrayContext> = shared("store", {
  root: text("folder", "Where the store is, instead of where storage.conf says"),
  runroot: text("folder", "Where the store keeps what is gone after a reboot"),
  storageDriver: text("driver", "overlay, vfs, or another storage driver that is installed"),
  storageOpt: several("driver.option=value", "An option of the storage driver"),
});

/** What every command of the store takes. */
export type StoreFlags = GlobalFlags & StorePlaceFlags;

export const storeFlags: FlagParametersForType<StoreFlags, DrayContext> = {
  ...globalFlags,
  ...storePlaceFlags,
};

/** A flag that may be given several times; its value may have commas. */
export function several(placeholder: string, brief: string): TextFlag & { readonly variadic: true } {
  return { ...text(placeholder, brief), variadic: true };
}

/** Any number of names or IDs of images. */
export function imageList(brief: string, minimum = 1): ImageListParameters {
  return { kind: "array", parameter: { parse: textParser, placeholder: "IMAGE", brief }, minimum };
}

interface ImageListParameters {
  readonly kind: "array";
  readonly parameter: {
    readonly parse: typeof textParser;
    readonly placeholder: string;
    readonly brief: string;
  };
  readonly minimum: number;
}

/** One name or ID of an image. */
export function storedImage(brief: string): ImageListParameters["parameter"] {
  return { parse: textParser, placeholder: "IMAGE", brief };
}

export const quietFlag: ReturnType<typeof toggle> = toggle("Print IDs alone");
