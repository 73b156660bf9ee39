import { closeSync, openSync } from "node:fs";
import { drain, fileBlob, inflated } from "@drayage/blob";

// Inflates a file as a copy inflates a layer: inflate-file.mjs SOURCE DESTINATION

const [source = "", destination = ""] = process.argv.slice(2);
const fd = openSync(destination, "w");
await drain(inflated(fileBlob(source)), {
  kind: "file",
  fd,
  path: destination,
  position: 0,
  whole: true,
});
closeSync(fd);
