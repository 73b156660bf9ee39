import { readFileSync } from "node:fs";
import { skopeo } from "@drayage-internal/peers/run";
import { measuringEnvironment, registryEnvironment } from "./measure.ts";

/** Copies an image by skopeo, which verifies the digest of every blob that it reads. */
export async function peerCopy({
  from,
  to,
  flags = [],
  scratch,
}: {
  readonly from: string;
  readonly to: string;
  readonly flags?: readonly string[] | undefined;
  readonly scratch: string;
}): Promise<void> {
  await skopeo(["copy", "--quiet", ...flags, from, to], {
    env: { ...measuringEnvironment(scratch), ...registryEnvironment(scratch) },
  });
}

export interface ManifestFile {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

export function readManifestFile(file: string): ManifestFile {
  return JSON.parse(readFileSync(file, "utf8")) as ManifestFile;
}
