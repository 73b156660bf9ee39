import { posix, win32 } from "node:path";
import { isDigest } from "@drayage/digest";

/**
 * Why a scope cannot be one of the transport, as containers/image has it; undefined where it can, and for a transport
 * whose scopes are not known here.
 */
export function scopeProblem(transport: string, scope: string): string | undefined {
  if (scope === "") return undefined;
  switch (transport) {
    case "dir":
    case "oci":
    case "oci-archive":
    case "sif":
      return pathProblem(scope);
    case "docker-archive":
    case "tarball":
      return `${transport} has no scopes but the default one, ""`;
    case "docker-daemon":
      return isDigest(scope) ? "images by their IDs have no scope but the default one" : undefined;
    default:
      return undefined;
  }
}

function pathProblem(scope: string): string | undefined {
  const path = process.platform === "win32" ? win32 : posix;
  if (!path.isAbsolute(scope)) return "it is not an absolute path";
  if (path.parse(scope).root === scope) return 'for all paths write the default scope, ""';
  const clean = path.normalize(scope).replace(/[\\/]$/, "");
  return clean === scope ? undefined : `it is not in the shortest form, ${JSON.stringify(clean)}`;
}
