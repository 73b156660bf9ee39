/**
 * Typed errors of drayage.
 * @module
 */
export { abortError, throwIfAborted } from "./abort.ts";
export type { DrayageErrorCode } from "./codes.ts";
export { DrayageError, type DrayageErrorOptions, isDrayageError, type Side, withSide } from "./error.ts";
export { errnoOf, ioError } from "./io.ts";
export { redactUrls, sanitizeText } from "./text.ts";
