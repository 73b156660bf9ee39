import type { DrayageErrorCode } from "@drayage/errors";
import { manifestLimit, mediaTypes } from "@drayage/manifest";
import { encodeJson } from "./bytes.ts";

/** A manifest that no reader may take, and what it is refused with. */
export interface HostileManifest {
  /** What is wrong, in words. */
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly code: DrayageErrorCode;
}

const hex = "a".repeat(64);
const config = { mediaType: mediaTypes.ociConfig, digest: `sha256:${hex}`, size: 2 };
const layer = { mediaType: mediaTypes.ociLayerTar, digest: `sha256:${hex}`, size: 1024 };

function manifest(
  name: string,
  change: object,
  code: DrayageErrorCode = "ERR_DRAYAGE_MANIFEST_INVALID",
): HostileManifest {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [layer],
    ...change,
  };
  return { name, mediaType: mediaTypes.ociManifest, bytes: encodeJson(document), code };
}

function text(
  name: string,
  written: string,
  code: DrayageErrorCode = "ERR_DRAYAGE_MANIFEST_INVALID",
): HostileManifest {
  return { name, mediaType: mediaTypes.ociManifest, bytes: new TextEncoder().encode(written), code };
}

/** Manifests to try on whatever reads them: `parseManifest` refuses each with its code. */
export function hostileManifests(): readonly HostileManifest[] {
  return [
    text("nothing", ""),
    text("no JSON", "{"),
    text("no object", "[]"),
    text("a document that never closes", "[".repeat(100_000), "ERR_DRAYAGE_LIMIT_EXCEEDED"),
    manifest("an index and an image at once", { manifests: [layer] }),
    manifest("a digest that leaves the folder", { config: { ...config, digest: "sha256:../../etc/passwd" } }),
    manifest("a digest in capitals", { layers: [{ ...layer, digest: `sha256:${"A".repeat(64)}` }] }),
    manifest("a digest of an unknown algorithm", { layers: [{ ...layer, digest: `md5:${hex}` }] }),
    manifest("a negative size", { layers: [{ ...layer, size: -5 }] }),
    manifest("a size that is no integer", { layers: [{ ...layer, size: 1.5 }] }),
    manifest("a size as text", { layers: [{ ...layer, size: "1024" }] }),
    manifest("layers that are no list", { layers: { 0: layer } }),
    manifest(
      "more than 4 MiB",
      { annotations: { long: "x".repeat(manifestLimit) } },
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
    ),
  ];
}

/** Texts that no transport takes for a reference, whatever its syntax. */
export const hostileReferences: readonly string[] = ["", "\0", "a\0b"];
