import { isDrayageError, sanitizeText } from "@drayage/errors";
import type { Personality } from "./personality.ts";
import { usualHint } from "./usual-hints.ts";

/** One line that says what went wrong and what can be done. */
function errorSentence(error: unknown, personality: Personality): string {
  if (!isDrayageError<string>(error)) {
    return sanitizeText(error instanceof Error ? error.message : String(error));
  }
  const side = error.side === undefined ? "" : `${error.side}: `;
  // Sentences of buildah's name its commands in quotes.
  const message =
    personality === "dray" ? error.message.replace(/(?<=[`'])buildah(?= )/g, "dray builder") : error.message;
  const hint = (error.hint ?? (personality === "buildah" ? undefined : usualHint(error.code)))?.replace(
    /\bdray(?= [a-z-]+ )/g,
    personality,
  );
  return `${side}${message}${hint === undefined ? "" : `; ${hint}`}`;
}

/** Go's `%q`, near enough for one line of printable text. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The line that standard error gets, in the manner of the tool that was called. */
export function errorLine(error: unknown, personality: Personality, now: Date = new Date()): string {
  const sentence = errorSentence(error, personality);
  if (personality === "dray") return `dray: ${sentence}`;
  if (personality === "buildah") return `Error: ${sentence}`;
  return logLine("fatal", sentence, personality, now);
}

/** A line for standard error that is not the last one. */
export function logLine(
  level: "warning" | "info" | "error" | "fatal",
  message: string,
  personality: Personality,
  now: Date = new Date(),
): string {
  const text = sanitizeText(message);
  if (personality === "dray") return `dray: ${level}: ${text}`;
  return `time="${rfc3339(now)}" level=${level} msg=${quoted(text)}`;
}

/** The same, behind the stacks of the error and its causes where `--debug` asks for them. */
export function errorText(
  error: unknown,
  { personality, debug }: { readonly personality: Personality; readonly debug: boolean },
): string {
  const line = errorLine(error, personality);
  return debug ? `${debugText(error)}\n${line}` : line;
}

function debugText(error: unknown): string {
  const lines: string[] = [];
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; depth++) {
    const code = isDrayageError<string>(at) ? ` [${at.code}]` : "";
    lines.push(`${depth === 0 ? "" : "caused by: "}${at.stack ?? at.message}${code}`);
    at = at.cause;
  }
  return lines.join("\n");
}

function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
