import type { Digest } from "@drayage/digest";
import { withSide } from "@drayage/errors";
import type { ImageSource } from "@drayage/transport";
import type { SourceDocument } from "./documents.ts";
import type { PlanOptions } from "./options.ts";

/** Asks the caller whether the document may be used. */
export async function admit(
  { bytes, mediaType, digest }: SourceDocument,
  instance: Digest | undefined,
  input: Pick<PlanOptions, "admit" | "signal"> & { readonly source: ImageSource },
): Promise<void> {
  const image = { source: input.source, instance, digest, manifest: { bytes, mediaType } };
  try {
    await input.admit?.(image, { signal: input.signal });
  } catch (error) {
    throw withSide(error, "source");
  }
}

/** Asks the caller once of each document, however often it is needed. */
export function admittingOnce(admit: PlanOptions["admit"]): PlanOptions["admit"] {
  if (admit === undefined) return undefined;
  const asked = new Map<string, Promise<void>>();
  return (image, options) => {
    const key = `${image.instance} ${image.digest}`;
    const answer = asked.get(key) ?? (async () => admit(image, options))();
    asked.set(key, answer);
    return answer;
  };
}
