import { type ByteString, fromByteString, toByteString } from "../text.ts";

const needsCleaning = /(?:^|\/)\.{0,2}(?:\/|$)/;

export interface CleanName {
  /** Below the root, without `.`, `..`, empty parts or a slash at its start or end; "" for the root. */
  readonly path: ByteString;
  /** Whether the name did not go above the root. In `path` it stays below it. */
  readonly isInside: boolean;
}

/** A name as the path that Linux gives it in a root of its own, by text alone: nothing is above the root. */
export function cleanName(name: ByteString): CleanName {
  const trimmed = name.endsWith("/") ? name.slice(0, -1) : name;
  if (!needsCleaning.test(trimmed)) return { path: trimmed, isInside: true };
  const parts: string[] = [];
  // Above `/` there is `/`, for everybody.
  const isAbsolute = name.startsWith("/");
  let isInside = true;
  for (const part of name.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined && !isAbsolute) isInside = false;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return { path: parts.join("/"), isInside };
}

export function cleanRawName(rawName: Uint8Array): Uint8Array {
  return fromByteString(cleanName(toByteString(rawName)).path);
}
