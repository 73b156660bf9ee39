import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import { valued } from "./kinds.ts";
import { wholeNumberParser } from "./parsers.ts";

/** How layers are compressed that are sent. */
export interface CompressionFlags {
  readonly compressionFormat?: "gzip" | "zstd";
  readonly compressionLevel?: number;
}

export const compressionFlags: FlagParametersForType<CompressionFlags, DrayContext> = {
  compressionFormat: {
    kind: "enum",
    values: ["gzip", "zstd"],
    optional: true,
    brief: "What to compress layers with",
  },
  compressionLevel: {
    kind: "parsed",
    parse: wholeNumberParser(-1, 22),
    optional: true,
    placeholder: "level",
    brief: valued("level", "How hard to compress"),
  },
};
