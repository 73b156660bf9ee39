import type { SourceOptions } from "@drayage/transport";
import { connectionOptions } from "./connection-options.ts";
import type { DrayContext } from "./context.ts";
import { logLine } from "./error-text.ts";
import type { ConnectionFlags, RetryFlags } from "./flags/connection-flags.ts";
import type { GlobalFlags } from "./global-flags.ts";

interface SourceFlags {
  readonly tmpdir?: string | undefined;
  readonly sharedBlobDir?: string | undefined;
  readonly option?: readonly (readonly [string, string])[] | undefined;
}

/** What the flags of a command say about opening an image, but for how a registry or daemon is reached. */
export function sourceOptions(context: DrayContext, flags: SourceFlags): SourceOptions {
  return {
    signal: context.signal,
    sharedBlobDir: flags.sharedBlobDir,
    temporaryDir: flags.tmpdir,
    settings: flags.option === undefined ? undefined : Object.fromEntries(flags.option),
    onWarning: (message) => warn(context, message),
  };
}

/** What the flags of a command with one image say about opening it. */
export function imageOptions(
  context: DrayContext,
  flags: SourceFlags & GlobalFlags & RetryFlags & ConnectionFlags<"">,
): SourceOptions {
  return { ...sourceOptions(context, flags), connection: connectionOptions(flags) };
}

/** Tells the user something that does not stop the work. */
export function warn(context: DrayContext, message: string): void {
  context.process.stderr.write(`${logLine("warning", message, context.personality)}\n`);
}
