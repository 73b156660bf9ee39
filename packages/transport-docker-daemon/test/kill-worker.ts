import { randomBytes } from "node:crypto";
import { bytesBlob } from "@drayage/blob";
import { dockerDaemon } from "../src/index.ts";

// Reads or writes an image of a daemon that is not in a hurry, until it is killed.
const [DOCKER_HOST = "", temporaryDir = "", how = ""] = process.argv.slice(2);
const transport = dockerDaemon({ env: { DOCKER_HOST } });
const reference = transport.parse("busybox:1");
if (how === "read") await transport.openSource(reference, { temporaryDir });
const destination = await transport.openDestination(reference, { temporaryDir });
for (;;) {
  await destination.putBlob(bytesBlob(randomBytes(1 << 20)), { kind: "layer", mediaType: "" });
}
