import type { ArchiveStream } from "@drayage/docker-tar";
import { DrayageError } from "@drayage/errors";
import type { HttpBody, HttpResponse } from "@drayage/http";
import { answerError, daemonError } from "./answers.ts";
import type { Daemon } from "./daemon.ts";
import { deferred } from "./deferred.ts";
import { errorOf, jsonMessages } from "./json-messages.ts";

/** An archive on its way to a daemon. */
export interface Load extends ArchiveStream {
  /** Breaks it off. Whoever waits for it is told why. */
  abort(reason: unknown): void;
}

/**
 * An archive that a daemon loads while it is written. The request is made when the first bytes come. As long as it is not
 * ended the daemon has half an archive, of which it makes no image.
 *
 * @param doing what is being done, for messages: `write docker-daemon:busybox:latest`
 */
export function createLoad(daemon: Daemon, doing: string): Load {
  const stop = new AbortController();
  const whole = deferred<void>();
  const started = deferred<Parameters<HttpBody["send"]>[0]>();
  let answered: Promise<void> | undefined;

  const body: HttpBody = {
    async send(write, { signal }) {
      signal.addEventListener("abort", () => whole.resolve(), { once: true });
      started.resolve(write);
      await whole.promise;
    },
  };

  async function run(): Promise<void> {
    const request = { method: "POST", path: "/images/load?quiet=1", body, signal: stop.signal } as const;
    await readAnswer(await daemon.ask(request), daemon, doing);
  }

  /** The daemon's answer, or what became of it. Rejects also where nobody has asked yet. */
  function answer(): Promise<void> {
    if (answered === undefined) {
      answered = run();
      answered.catch((error: unknown) => started.reject(error));
      started.promise.catch(() => undefined);
    }
    return answered;
  }

  return {
    async write(bytes) {
      const request = answer();
      const write = await started.promise;
      try {
        await write(bytes);
      } catch (error) {
        // Why the connection ended is told by what came back on it.
        await request;
        throw tooEarly(daemon, doing, error);
      }
    },
    async end() {
      const request = answer();
      whole.resolve();
      await request;
    },
    async abandon() {
      stop.abort(new DrayageError("ERR_DRAYAGE_ABORTED", `${doing}: it was given up`));
      await answered?.catch(() => undefined);
    },
    abort: (reason) => stop.abort(reason),
  };
}

async function readAnswer(response: HttpResponse, daemon: Daemon, doing: string): Promise<void> {
  if (response.status !== 200) throw await answerError(response, daemon, { doing });
  for await (const message of jsonMessages(response.body, daemon.shown)) {
    const said = errorOf(message);
    if (said !== undefined) throw daemonError(daemon.shown, { doing, said });
  }
}

function tooEarly({ shown }: Daemon, doing: string, cause: unknown): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DAEMON",
    `cannot ${doing}: ${shown} answered before it had all of the image`,
    { cause },
  );
}
