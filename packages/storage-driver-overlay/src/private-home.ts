import type { Context } from "./context.ts";
import { isMountPoint, isSelfBound, mountsIn } from "./mount-info.ts";

/**
 * Makes the home a mount of its own that passes nothing on to other namespaces, as the Go tools do when they start: a mount that was made
 * before they did would be hidden below theirs.
 */
export function bindHome({ sys, home, options }: Context): void {
  if (options.skipMountHome) return;
  if (isMountPoint(home.path)) sys.makePrivate(home.path);
  else sys.bindMount(home.path, home.path, { private: true });
}

/** Takes it away again once nothing is mounted in it, as the Go tools do when they end. */
export function releaseHome({ sys, home, options }: Context): void {
  if (options.skipMountHome) return;
  if (mountsIn(home.path).length === 1 && isSelfBound(home.path)) sys.unmount(home.path, { detach: true });
}
