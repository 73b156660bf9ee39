import type { EntryChanges } from "@drayage/composite";
import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import { settings, text, texts } from "../flags/kinds.ts";
import type { settingParser } from "../flags/parsers.ts";

type Settings = readonly ReturnType<typeof settingParser>[];

/** What a list says of an entry. */
export interface EntryFlags {
  readonly annotation?: Settings;
  readonly arch?: string;
  readonly features?: readonly string[];
  readonly os?: string;
  readonly osFeatures?: readonly string[];
  readonly osVersion?: string;
  readonly variant?: string;
}

export const entryFlags: FlagParametersForType<EntryFlags, DrayContext> = {
  annotation: annotations("An annotation of the entry"),
  arch: text("arch", "The architecture that the list says the image is for"),
  features: texts("feature", "The features of a CPU that the list says the image needs (docker's lists)"),
  os: text("os", "The system that the list says the image is for"),
  osFeatures: texts("feature", "The features of the system that the list says the image needs"),
  osVersion: text("version", "The version of the system that the list says the image is for"),
  variant: text("variant", "The variant of the architecture that the list says the image is for"),
};

/** Several annotations, also in one value with commas between them. */
export function annotations(
  brief: string,
): Omit<ReturnType<typeof settings>, "variadic"> & { readonly variadic: "," } {
  return { ...settings(brief), variadic: "," };
}

/** What the flags change of an entry. An empty value says nothing, as for buildah. */
export function entryChanges(flags: EntryFlags): EntryChanges {
  const { arch, os, osVersion, variant, osFeatures, features, annotation } = flags;
  return {
    architecture: arch || undefined,
    os: os || undefined,
    osVersion: osVersion || undefined,
    variant: variant || undefined,
    osFeatures,
    features,
    annotations: annotation && Object.fromEntries(annotation),
  };
}
