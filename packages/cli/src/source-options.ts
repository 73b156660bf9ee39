import { sanitizeText } from "@drayage/errors";
import type { SourceOptions } from "@drayage/transport";
import type { DrayContext } from "./context.ts";

interface SourceFlags {
  readonly tmpdir?: string | undefined;
  readonly sharedBlobDir?: string | undefined;
  readonly option?: readonly (readonly [string, string])[] | undefined;
}

/** What the flags of a command say about opening an image. */
export function sourceOptions(context: DrayContext, flags: SourceFlags): SourceOptions {
  return {
    signal: context.signal,
    sharedBlobDir: flags.sharedBlobDir,
    temporaryDir: flags.tmpdir,
    settings: flags.option === undefined ? undefined : Object.fromEntries(flags.option),
    onWarning: (message) => warn(context, message),
  };
}

/** Tells the user something that does not stop the work. */
function warn(context: DrayContext, message: string): void {
  context.process.stderr.write(`dray: warning: ${sanitizeText(message)}\n`);
}
