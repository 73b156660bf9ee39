import type { SourceOptions } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import type { ConnectionFlags, RetryFlags } from "../flags/connection-flags.ts";
import type { GlobalFlags } from "../global-flags.ts";
import { imageOptions } from "../source-options.ts";

/**
 * How the images of a list are opened when it is pushed: as the flags say, but without the login, which is for where it is pushed to. The
 * images may be in registries of anybody.
 */
export function withoutLogin(
  context: DrayContext,
  flags: GlobalFlags & RetryFlags & ConnectionFlags<"">,
): SourceOptions {
  const options = imageOptions(context, flags);
  const { credentials: _c, bearerToken: _t, ...connection } = options.connection ?? {};
  return { ...options, connection };
}
