import type { ChunkSource } from "../response.ts";
import type { DirectConnection } from "./direct.ts";
import type { IdleWatch } from "./idle-watch.ts";
import type { ResponseSource } from "./response-source.ts";

interface SourceOptions {
  readonly watch: IdleWatch;
  /** Called once, when nothing more comes. */
  onEnd(): void;
  /** The connection ended before the body did. */
  onCut(error: Error | undefined): void;
}

/** The body of a response over a connection of its own, which is closed at its end. */
export function directSource(
  connection: DirectConnection,
  length: number,
  { watch, onEnd, onCut }: SourceOptions,
): ResponseSource {
  let reader: { resolve(chunk: Uint8Array | undefined): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  let over = false;

  const body = connection.body(length, {
    onProgress: () => watch.start(),
    onChange: serve,
    onCut,
  });
  if (body.ended()) end();
  else watch.start();

  function end(): void {
    if (over) return;
    over = true;
    watch.stop();
    connection.destroy();
    onEnd();
  }

  function serve(): void {
    if (reader === undefined) return;
    const chunk = body.take();
    if (chunk === undefined && !body.ended() && failure === undefined) return;
    const { resolve, reject } = reader;
    reader = undefined;
    if (chunk !== undefined) resolve(chunk);
    else if (failure !== undefined) reject(failure);
    else {
      end();
      resolve(undefined);
    }
  }

  const next: ChunkSource["next"] = () =>
    new Promise((resolve, reject) => {
      reader = { resolve, reject };
      serve();
    });

  return {
    lends: true,
    next,
    cancel() {
      end();
      reader?.resolve(undefined);
      reader = undefined;
    },
    fail(error, when) {
      failure ??= error;
      watch.stop();
      over = true;
      if (when === "now") connection.destroy();
      else connection.end();
      serve();
    },
  };
}
