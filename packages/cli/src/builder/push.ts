import { push as pushImage } from "../commands/push.ts";
import type { DrayContext } from "../context.ts";
import { durationParser } from "../flags/parsers.ts";
import type { BuilderPushFlags } from "./manage.command.ts";
import { imageNotKnown, refuseLateFlags, said, saidWhile } from "./said.ts";

/** `buildah push` */
export async function push(this: DrayContext, flags: BuilderPushFlags, ...words: string[]): Promise<void> {
  const [text, to] = words;
  if (text === undefined) throw said("at least a source image ID must be specified");
  refuseLateFlags(words);
  if (words.length > 2) throw said("Only two arguments are necessary to push: source and destination");
  const { signaturePolicy, retry, retryDelay, format, compressionFormat, ...rest } = flags;
  const { all: _, rm: __, disableCompression: ___, ...plain } = rest;
  const wanted = { ...formatOf(format), ...compressionOf(compressionFormat) };
  try {
    await pushImage.call(
      this,
      {
        ...plain,
        ...wanted,
        ...(signaturePolicy === undefined ? {} : { policy: signaturePolicy }),
        ...(retry === undefined ? {} : { retryTimes: retry }),
        ...(retryDelay === undefined ? {} : { retryDelay: durationParser(retryDelay) }),
      },
      text,
      to,
    );
  } catch (error) {
    const destination = to ?? `docker://${text}`;
    throw saidWhile(
      `pushing image ${JSON.stringify(text)} to ${JSON.stringify(destination)}`,
      imageNotKnown(text, error),
    );
  }
}

function formatOf(text: string | undefined): { readonly format?: "oci" | "v2s1" | "v2s2" } {
  switch (text) {
    case undefined:
    case "":
      return {};
    case "oci":
    case "v2s1":
    case "v2s2":
      return { format: text };
    case "docker":
      return { format: "v2s2" };
    default:
      throw said(
        `unknown format ${JSON.stringify(text)}. Choose on of the supported formats: 'oci', 'v2s1', or 'v2s2'`,
      );
  }
}

function compressionOf(text: string | undefined): { readonly compressionFormat?: "gzip" | "zstd" } {
  if (text === undefined || text === "") return {};
  if (text === "gzip" || text === "zstd") return { compressionFormat: text };
  throw said(`--compression-format: choose gzip or zstd, not ${JSON.stringify(text)}`);
}
