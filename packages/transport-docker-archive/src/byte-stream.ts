import { write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { errnoOf, ioError } from "@drayage/errors";
import type { ByteStream } from "./stream-output.ts";
import type { OpenStream } from "./target.ts";

const writeAsync = promisify(write);
/** How long to wait for the reader of a pipe that does not block. */
const fullPipeDelay = 5;

/** A stream that writes to a pipe or device in order. */
export function byteStream(open: OpenStream, path: string): ByteStream {
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        try {
          done += (await writeAsync(open.fd, bytes, done, bytes.length - done, null)).bytesWritten;
        } catch (error) {
          if (errnoOf(error) !== "EAGAIN") throw ioError(error, "write", { path });
          await sleep(fullPipeDelay);
        }
      }
    },
    close: () => open.close(),
  };
}
