import { sanitizeText } from "@drayage/errors";
import type { HttpHeaders, RetryEvent } from "@drayage/http";

/** The most that a registry may send in one response (distribution-spec, "Warnings"). */
const textLimit = 4096;
/** The most that are told of one registry. */
const countLimit = 100;

const warning = /^299 - "((?:[\t !#-[\]-~\u0080-\u{10ffff}]|\\[\t !-~\u0080-\u{10ffff}])*)"$/u;

/** Tells of each warning in a registry's responses once. */
export function createWarningReporter(
  host: string,
  onWarning: ((message: string) => void) | undefined,
): (headers: HttpHeaders) => void {
  if (onWarning === undefined) return () => {};
  const told = new Set<string>();
  return (headers) => {
    let length = 0;
    for (const value of headers.all("warning")) {
      length += value.length;
      if (length > textLimit) return;
      const quoted = warning.exec(value)?.[1];
      if (quoted === undefined) continue;
      const text = sanitizeText(quoted.replace(/\\(.)/gsu, "$1"));
      if (text === "" || told.has(text) || told.size === countLimit) continue;
      told.add(text);
      onWarning(`${host} warns: ${text}`);
    }
  };
}

/** Tells once that a registry does not answer: who waits is to know what for. */
export function createRetryReporter(
  onWarning: ((message: string) => void) | undefined,
): (event: RetryEvent) => void {
  let told = false;
  return ({ unreachable, reason }) => {
    if (!unreachable || told) return;
    told = true;
    onWarning?.(`${reason}; trying again`);
  };
}
