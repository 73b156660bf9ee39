import type { Readable } from "node:stream";
import { abortError, DrayageError } from "@drayage/errors";
import type { DrayContext } from "./context.ts";

/** Standard input: a terminal can be told not to show what is typed. */
export interface Input extends Readable {
  readonly isTTY?: boolean | undefined;
  readonly setRawMode?: (raw: boolean) => unknown;
}

/** More has no password, and no name. */
const textLimit = 64 * 1024;

/** All of standard input. @throws `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_ABORTED` */
export async function readAllText(context: DrayContext): Promise<string> {
  let text = "";
  await eachText(context, (part) => {
    text += part;
    if (text.length > textLimit) {
      throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", "standard input has more than 64 KiB");
    }
    return false;
  });
  return text;
}

/** Asks a question and gives back the line that is typed. @throws as {@link readAllText}, `ERR_DRAYAGE_USAGE` at the input's end */
export async function askLine(context: DrayContext, question: string): Promise<string> {
  context.process.stdout.write(question);
  let text = "";
  const ended = await eachText(context, (part) => {
    text += part;
    if (text.length > textLimit) throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", "the line is too long");
    return text.includes("\n");
  });
  if (ended && text === "") throw noAnswer();
  return text.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
}

/** Asks whether to go on, which only a yes means. @throws as {@link askLine} */
export async function askToGoOn(context: DrayContext, sentence: string): Promise<boolean> {
  const answer = await askLine(context, `${sentence} Go on? [y/N] `);
  return /^y(?:es)?$/i.test(answer.trim());
}

/**
 * Asks a question on the terminal, which does not show what is typed. Ctrl-C interrupts.
 *
 * @throws `ERR_DRAYAGE_USAGE` where standard input is no terminal, or ends; `ERR_DRAYAGE_ABORTED`
 */
export async function askSecret(context: DrayContext, question: string): Promise<string> {
  const input = context.stdin();
  if (!input.isTTY || input.setRawMode === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "there is no password, and no terminal to ask for it", {
      hint: "give --username and --password-stdin",
    });
  }
  context.process.stdout.write(question);
  const line = createSecretLine();
  input.setRawMode(true);
  try {
    if (await eachText(context, (part) => line.add(part))) throw noAnswer();
    return line.text();
  } finally {
    input.setRawMode(false);
    context.process.stdout.write("\n");
  }
}

/** What is typed while the terminal interprets nothing. */
function createSecretLine(): { add(part: string): boolean; text(): string } {
  let letters: string[] = [];
  return {
    add(part) {
      for (const letter of part) {
        if (letter === "\r" || letter === "\n") return true;
        if (letter === "\x03") throw abortError(new Error("received SIGINT"));
        if (letter === "\x04" && letters.length === 0) throw noAnswer();
        if (letter === "\x7f" || letter === "\b") letters.pop();
        else if (letter === "\x15") letters = [];
        else if (letter !== "\x04") letters.push(letter);
        if (letters.length > textLimit)
          throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", "the line is too long");
      }
      return false;
    },
    text: () => letters.join(""),
  };
}

/** Passes on what comes until `use` says that it is enough. Whether the input ended before. */
function eachText(context: DrayContext, use: (part: string) => boolean): Promise<boolean> {
  const input = context.stdin();
  const { signal } = context;
  const decoder = new TextDecoder();
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      input.off("data", onData).off("end", onEnd).off("error", onError);
      signal.removeEventListener("abort", onAbort);
      // A paused input does not keep the process alive.
      input.pause();
    };
    const onData = (chunk: Uint8Array | string): void => {
      try {
        if (!use(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }))) return;
      } catch (error) {
        settle();
        reject(error);
        return;
      }
      settle();
      resolve(false);
    };
    const onEnd = (): void => {
      settle();
      resolve(true);
    };
    const onError = (error: unknown): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      reject(abortError(signal.reason));
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    if (input.readableEnded) {
      onEnd();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    input.on("data", onData).on("end", onEnd).on("error", onError);
    input.resume();
  });
}

function noAnswer(): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", "standard input ended before there was an answer", {
    hint: "give --username and --password-stdin",
  });
}
