import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import type { RetryFlags } from "../flags/connection-flags.ts";
import { hidden, text, toggle } from "../flags/kinds.ts";
import { wholeNumberParser } from "../flags/parsers.ts";
import type { GlobalFlags } from "../global-flags.ts";

/** What buildah and docker call otherwise, or hide: understood, not shown. */
export interface InsecureFlags {
  readonly insecure?: boolean;
}

export const insecureFlags: FlagParametersForType<InsecureFlags, DrayContext> = {
  insecure: hidden(toggle("The same as --tls-verify=false")),
};

export interface OtherPushNames extends InsecureFlags {
  readonly retry?: number;
  readonly signaturePolicy?: string;
}

export const otherPushNames: FlagParametersForType<OtherPushNames, DrayContext> = {
  ...insecureFlags,
  retry: hidden({
    ...text("n", "The same as --retry-times"),
    parse: wholeNumberParser(0, 1000),
  }),
  signaturePolicy: hidden(text("file", "The same as --policy")),
};

/** The flags as dray calls them. */
export function withOwnNames<Flags extends GlobalFlags & RetryFlags & OtherPushNames>({
  insecure,
  retry,
  signaturePolicy,
  ...flags
}: Flags): Omit<Flags, keyof OtherPushNames> {
  return {
    ...flags,
    ...(insecure === true ? { tlsVerify: false } : {}),
    ...(retry === undefined ? {} : { retryTimes: retry }),
    ...(signaturePolicy === undefined ? {} : { policy: signaturePolicy }),
  };
}
