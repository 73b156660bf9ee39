import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileBlob, inflated } from "@drayage/blob";
import { unpackImage, unpackLayer } from "@drayage/unpack";

// Unpacks the image of an OCI layout, verified: unpack.mjs together LAYOUT FOLDER, or, each layer into a folder of its own for
// overlayfs and with a tar-split: unpack.mjs apart LAYOUT FOLDER; or one gzip layer: unpack.mjs layer FILE FOLDER

const [mode = "", source = "", folder = ""] = process.argv.slice(2);

/** @param {string} file */
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
/** @param {string} digest */
const blobPath = (digest) => path.join(source, "blobs", digest.replace(":", "/"));

function layersOfLayout() {
  const manifest = read(blobPath(read(path.join(source, "index.json")).manifests[0].digest));
  const { diff_ids: diffIds } = read(blobPath(manifest.config.digest)).rootfs;
  /** @type {{ digest: import("@drayage/digest").Digest, size: number }[]} */
  const layers = manifest.layers;
  return layers.map(({ digest, size }, index) =>
    inflated(fileBlob(blobPath(digest), { digest, size }), { algorithm: "gzip", digest: diffIds[index] }),
  );
}

if (mode === "layer") {
  await unpackLayer(inflated(fileBlob(source), { algorithm: "gzip" }), { root: folder });
} else if (mode === "together") {
  await unpackImage(layersOfLayout(), { root: folder });
} else {
  await Promise.all(
    layersOfLayout().map(async (layer, index) => {
      const root = path.join(folder, `${index}`);
      mkdirSync(root);
      await unpackLayer(layer, { root, whiteouts: "overlay-trusted", tarSplitPath: `${root}.tar-split.gz` });
    }),
  );
}
