import { closeSync, openSync } from "node:fs";
import { deflated, drain, fileBlob } from "@drayage/blob";

// Compresses a file as a copy compresses a layer: deflate-file.mjs gzip|zstd SOURCE DESTINATION

const [algorithm, source = "", destination = ""] = process.argv.slice(2);
if (algorithm !== "gzip" && algorithm !== "zstd") throw new Error(`no such algorithm: ${algorithm}`);
const fd = openSync(destination, "w");
await drain(deflated(fileBlob(source), { algorithm }), {
  kind: "file",
  fd,
  path: destination,
  position: 0,
  whole: true,
});
closeSync(fd);
