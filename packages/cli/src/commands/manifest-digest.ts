import { createReadStream } from "node:fs";
import { DrayageError, ioError, throwIfAborted } from "@drayage/errors";
import { manifestDigest, manifestLimit } from "@drayage/manifest";
import type { DrayContext } from "../context.ts";
import type { ManifestDigestFlags } from "./manifest-digest.command.ts";

/** `dray manifest-digest` */
export async function manifestDigestOfFile(
  this: DrayContext,
  flags: ManifestDigestFlags,
  file: string,
): Promise<void> {
  const { algorithm = "sha256" } = flags;
  if (algorithm !== "sha256" && algorithm !== "sha384" && algorithm !== "sha512") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `unknown digest algorithm ${JSON.stringify(algorithm)}`, {
      hint: "choose sha256, sha384 or sha512",
    });
  }
  const bytes = await readManifest(file, this.signal);
  this.process.stdout.write(`${manifestDigest(bytes, algorithm)}\n`);
}

async function readManifest(file: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of file === "-" ? process.stdin : createReadStream(file, { signal })) {
      const bytes = chunk as Uint8Array;
      size += bytes.length;
      if (size > manifestLimit) {
        throw new DrayageError(
          "ERR_DRAYAGE_LIMIT_EXCEEDED",
          `${JSON.stringify(file)} is larger than a manifest may be (4 MiB)`,
        );
      }
      chunks.push(bytes);
    }
  } catch (error) {
    throwIfAborted(signal);
    throw ioError(error, "read the manifest", { path: file });
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
