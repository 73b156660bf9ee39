import type { Changing } from "./apply-changes.ts";
import type { ConfigChanges } from "./changes.ts";
import { editContainer } from "./edit-image.ts";
import { jsonList, wordsOf } from "./words.ts";

/** The command and the entry point. Unlike in a Dockerfile, setting the entry point leaves the command. */
export function changeCommands(changing: Changing, { entrypoint, cmd }: ConfigChanges): void {
  const { image, tell } = changing;
  if (entrypoint !== undefined) {
    const { words, text, isLine } = entrypointOf(entrypoint);
    warnOfCommand(changing, words, isLine);
    image((both) => editContainer(both, () => ({ Entrypoint: words })));
    tell(`ENTRYPOINT ${text}`);
  }
  if (cmd !== undefined) {
    const { words, text } = commandOf(cmd);
    image((both) => editContainer(both, () => ({ Cmd: words })));
    tell(`CMD ${text}`);
  }
}

function entrypointOf(given: string | readonly string[]): {
  readonly words: readonly string[];
  readonly text: string;
  readonly isLine: boolean;
} {
  if (typeof given !== "string") return { words: [...given], text: JSON.stringify(given), isLine: false };
  if (given.trim() === "") return { words: [], text: given, isLine: false };
  const list = jsonList(given);
  return list === undefined
    ? { words: ["/bin/sh", "-c", given], text: given, isLine: true }
    : { words: list, text: given, isLine: false };
}

function commandOf(given: string | readonly string[]): {
  readonly words: readonly string[];
  readonly text: string;
} {
  if (typeof given !== "string") return { words: [...given], text: JSON.stringify(given) };
  if (given.trim() === "") return { words: [], text: given };
  return { words: jsonList(given) ?? wordsOf(given, "--cmd").words, text: given };
}

function warnOfCommand({ state, warn }: Changing, entrypoint: readonly string[], isLine: boolean): void {
  const command = state.image.oci.config?.Cmd ?? [];
  if (command.length === 0 || entrypoint.length === 0) return;
  const named = `the command ${JSON.stringify(command)}, which is set already,`;
  warn(
    isLine ? `${named} will not be used: the entry point is a line` : `${named} is passed to the entry point`,
  );
}
