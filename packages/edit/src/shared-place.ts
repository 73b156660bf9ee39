import { explicitPath } from "@drayage/blob";
import { type Location, splitPath } from "@drayage/transport";

/** Transports whose references are a path and a name. */
const pathSchemes: ReadonlySet<string> = new Set(["oci-dir", "oci-archive", "docker-archive"]);

/** What two locations have in common: the very image, the file or folder that it is in, or nothing that could be told. */
export function sharedPlace(from: Location, to: Location): "image" | "place" | undefined {
  const { scheme } = from.transport;
  if (scheme !== to.transport.scheme) return undefined;
  if (!pathSchemes.has(scheme)) return from.reference.text === to.reference.text ? "image" : undefined;
  const one = splitPath(from.reference.text);
  const other = splitPath(to.reference.text);
  if (explicitPath(one.path) !== explicitPath(other.path)) return undefined;
  return (one.rest ?? "") === (other.rest ?? "") ? "image" : "place";
}
