import { DrayageError, type DrayageErrorCode } from "@drayage/errors";

export interface JsonTextOptions {
  /** What the text is, for messages. */
  readonly what: string;
  /** The code of the error for text that is not JSON. */
  readonly code?: DrayageErrorCode | undefined;
}

/** JSON whose shape is not known yet. */
export function parseJsonText(bytes: Uint8Array, options: JsonTextOptions): unknown {
  const { what, code = "ERR_DRAYAGE_LAYOUT_INVALID" } = options;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DrayageError(code, `${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
