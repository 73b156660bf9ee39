import { createWriteStream, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeTar } from "@drayage/tar";

/** @typedef {import("@drayage/tar").TarWriteEntry} TarWriteEntry */

/**
 * Writes a layer: each of the folders given, at its place in the image. Times, owners and the order are
 * fixed, so equal files give an equal layer.
 * @param {string} file the tar archive to write
 * @param {Readonly<Record<string, string>>} folders from the place in the image, without a slash at its start, to the folder
 */
export async function writeLayer(file, folders) {
  await pipeline(Readable.from(writeTar(layerEntries(folders))), createWriteStream(file));
}

/** @param {Readonly<Record<string, string>>} folders */
function* layerEntries(folders) {
  const parents = new Set();
  for (const [place, folder] of Object.entries(folders)) {
    const names = place.split("/");
    for (const depth of names.keys()) {
      const parent = `${names.slice(0, depth).join("/")}/`;
      if (depth === 0 || parents.has(parent)) continue;
      parents.add(parent);
      yield { header: { name: parent, mode: 0o755 } };
    }
    yield* entriesOf(place, realpathSync(folder));
  }
}

/**
 * @param {string} place
 * @param {string} source
 * @returns {Generator<TarWriteEntry>}
 */
function* entriesOf(place, source) {
  const status = lstatSync(source);
  if (status.isDirectory()) {
    yield { header: { name: `${place}/`, mode: 0o755 } };
    for (const name of readdirSync(source).sort()) {
      if (name !== "node_modules") yield* entriesOf(`${place}/${name}`, path.join(source, name));
    }
  } else if (status.isSymbolicLink()) {
    yield { header: { name: place, type: "symlink", linkname: readlinkSync(source), mode: 0o777 } };
  } else {
    const executable = (status.mode & 0o111) !== 0;
    yield { header: { name: place, mode: executable ? 0o755 : 0o644 }, body: readFileSync(source) };
  }
}
