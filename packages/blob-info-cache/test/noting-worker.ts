/** Notes many blobs in the cache at a path: `noting-worker.ts PATH NAME COUNT`. */
import { setImmediate } from "node:timers/promises";
import { digestBytes } from "@drayage/digest";
import { fileBlobInfoCache } from "../src/index.ts";

const [path, name, count] = process.argv.slice(2);
const cache = fileBlobInfoCache({ path });
for (let index = 0; index < Number(count); index++) {
  const digest = digestBytes(new TextEncoder().encode(`${index}`));
  cache.recordLocation(digest, { transport: "docker", scope: "example.com", location: `${name} ${index}` });
  if (index % 5 === 0) await setImmediate();
}
await cache.close();
