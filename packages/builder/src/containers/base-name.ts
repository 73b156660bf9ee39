import { digestHex, isDigest } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { parseReference } from "@drayage/reference";

/** What a container's name begins with, from the text that names its base: `busybox` of `docker.io/library/busybox:latest`. As buildah has it, `localhost` of `localhost:5000/app`. */
export function namePrefix(text: string): string {
  const plain = isDigest(text) ? digestHex(text) : text;
  const short = /^[0-9a-f]{64}$/.test(plain) ? plain.slice(0, 12) : plain;
  const beforeColon = short.split(":")[0] ?? "";
  const last = beforeColon.split("/").at(-1) ?? "";
  return last.split("@")[0] ?? "";
}

/** Which of an image's names is meant by a text: the first that contains its {@link namePrefix}, else the first; the prefix itself where it has none. */
export function nameOfBase(text: string, names: readonly string[]): string {
  const prefix = namePrefix(text);
  return names.find((name) => name.includes(prefix)) ?? names[0] ?? prefix;
}

/** Whether a name does not say its registry, so that it may stand for several (containers/image `shortnames`). */
export function isShortName(text: string): boolean {
  try {
    const { domain } = parseReference(text);
    return !/[.:]/.test(domain) && domain !== "localhost";
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return false;
    throw error;
  }
}
