import { DrayageError } from "@drayage/errors";

/** A JSON object as it was parsed. */
export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws ERR_DRAYAGE_LAYOUT_INVALID where the bytes are not one JSON object in UTF-8. */
export function parseObject(bytes: Uint8Array, where: string): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : "it is not UTF-8";
    throw invalid(where, `not JSON: ${why}`, error);
  }
  if (!isObject(document)) throw invalid(where, "not a JSON object");
  if (isDeep(document)) throw invalid(where, `values are nested more than ${deepest} times`);
  return document;
}

/** How deep values may be nested: enough for any document, and for whoever walks through them. */
const deepest = 200;

function isDeep(document: JsonObject): boolean {
  const pending: { value: unknown; depth: number }[] = [{ value: document, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth > deepest) return true;
    for (const inner of Object.values(value)) pending.push({ value: inner, depth: depth + 1 });
  }
  return false;
}

export function invalid(where: string, what: string, cause?: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${where}: ${what}`, {
    hint: "the layout is damaged: copy the image into it anew",
    cause,
  });
}
