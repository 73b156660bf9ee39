import { DrayageError } from "@drayage/errors";

/** The most bytes of one message, and of all of them. */
const messageLimit = 1024 * 1024;
const streamLimit = 64 * 1024 * 1024;

const lineFeed = 0x0a;

/** The messages of a daemon's answer: JSON objects, each on a line of its own. */
export async function* jsonMessages(
  body: AsyncIterable<Uint8Array>,
  shown: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let begun: Uint8Array[] = [];
  let length = 0;
  let total = 0;
  const take = (bytes: Uint8Array): void => {
    begun.push(bytes);
    length += bytes.length;
    if (length > messageLimit) throw tooLong(shown);
  };
  for await (const chunk of body) {
    total += chunk.length;
    if (total > streamLimit) throw tooLong(shown);
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      take(chunk.subarray(start, end));
      yield* parseLine(Buffer.concat(begun), shown);
      begun = [];
      length = 0;
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  yield* parseLine(Buffer.concat(begun), shown);
}

function* parseLine(bytes: Buffer, shown: string): Generator<Readonly<Record<string, unknown>>> {
  const text = bytes.toString().trim();
  if (text === "") return;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw notJson(shown, cause);
  }
  if (typeof message !== "object" || message === null) throw notJson(shown, undefined);
  yield message as Readonly<Record<string, unknown>>;
}

/** What a message says that went wrong: `errorDetail`, or `error` in older and other daemons. */
export function errorOf({ error, errorDetail }: Readonly<Record<string, unknown>>): string | undefined {
  const detail =
    typeof errorDetail === "object" && errorDetail !== null && "message" in errorDetail
      ? errorDetail.message
      : undefined;
  if (typeof detail === "string" && detail !== "") return detail;
  if (typeof error === "string" && error !== "") return error;
  return errorDetail === undefined && error === undefined ? undefined : "it does not say what went wrong";
}

function notJson(shown: string, cause: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_DAEMON", `${shown} answered something that is no JSON`, {
    cause,
    hint: "check whether a docker daemon listens there",
  });
}

function tooLong(shown: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `the answer of ${shown} is larger than is accepted`);
}
